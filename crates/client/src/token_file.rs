//! The file with the token of a system's operator: whoever can read it is let in everywhere.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use runtime::http::auth::Bearer;

/// Where `murmur up` keeps the token of its operator.
pub fn file_in(data: &Path) -> PathBuf {
    data.join("operator.token")
}

/// The token in a file.
///
/// # Errors
/// When it cannot be read, or holds no token.
pub fn load(file: &Path) -> anyhow::Result<Bearer> {
    let read = || anyhow::Ok(fs::read_to_string(file)?.trim().parse()?);
    read().with_context(|| format!("the token in {} cannot be used", file.display()))
}

/// The token in a file, if there is one.
///
/// # Errors
/// As for [`load`].
pub fn find(file: &Path) -> anyhow::Result<Option<Bearer>> {
    match load(file) {
        Err(error) if is_missing(&error) => Ok(None),
        loaded => loaded.map(Some),
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_and_what_is_none_is_told_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_in(folder.path());
        assert!(find(&file).unwrap().is_none() && load(&file).is_err());
        fs::write(&file, "abc\n").unwrap();
        assert_eq!(find(&file).unwrap().unwrap().expose(), "abc");
        fs::write(&file, "ge heim").unwrap();
        let said = format!("{:#}", find(&file).unwrap_err());
        assert!(said.contains("operator.token") && !said.contains("heim"), "{said}");
    }
}
