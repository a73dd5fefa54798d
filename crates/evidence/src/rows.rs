//! Reads each outbox from its database file, to read only.

use std::path::Path;

use anyhow::Context as _;
use auditor::rows::Outbox;
use engine::database::{file_in, open_to_read};
use engine::{Read, outbox};
use protocol::Service;

/// Rows that are read from an outbox at once.
const ROWS_AT_ONCE: u32 = 1_000;

/// Reads and verifies the whole outbox of a service, from the database file in this folder, to read only.
pub(crate) fn read_outbox(folder: &Path, service: Service) -> anyhow::Result<Outbox> {
    let file = file_in(folder, service);
    let unreadable = || format!("cannot read the outbox of {service} in {}", file.display());
    let connection = open_to_read(&file).with_context(unreadable)?;
    let state = Read::new(&connection);
    let mut read = Outbox::default();
    loop {
        let rows = outbox::rows(&state, read.position().sequence + 1, ROWS_AT_ONCE);
        let rows = rows.with_context(unreadable)?;
        if rows.is_empty() {
            return Ok(read);
        }
        rows.iter().for_each(|row| read.take(row));
        if read.damage.is_some() {
            return Ok(read);
        }
    }
}
