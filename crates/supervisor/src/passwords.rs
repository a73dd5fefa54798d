//! Passwords that are made at the first start of a data folder, and kept.

use std::path::Path;

use client::passwords::Passwords;
use runtime::http::auth::Bearer;

use crate::private_file;

/// Those in a file, once each of these has one.
///
/// # Errors
/// When they cannot be read or written.
pub(crate) fn made(
    file: &Path,
    names: impl IntoIterator<Item = impl AsRef<str>>,
) -> anyhow::Result<Passwords> {
    let known = Passwords::find(file)?;
    let mut all = known.clone().unwrap_or_default();
    all.complete(names, || Bearer::random().map(|secret| secret.expose().to_owned()))?;
    if known.as_ref() != Some(&all) {
        private_file::write(file, &all.to_text())?;
    }
    Ok(all)
}
