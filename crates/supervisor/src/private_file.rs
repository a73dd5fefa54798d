//! Files that only their owner can read.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

/// Nobody else's.
pub(crate) const MODE: u32 = 0o600;

/// Whole or not at all, and never readable by others.
pub(crate) fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let half = file.with_extension("unfinished");
    let written = || -> std::io::Result<()> {
        drop(fs::remove_file(&half));
        let mut open: File = File::options().write(true).create_new(true).mode(MODE).open(&half)?;
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        fs::rename(&half, file)
    };
    written().with_context(|| format!("cannot write {}", file.display()))
}
