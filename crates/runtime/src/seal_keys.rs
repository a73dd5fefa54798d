//! The keys with which a service seals its rows: one file, kept apart from what they protect.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use protocol::SealKeys;
use protocol::seal::SEAL_KEY_BYTES;

/// Readable by its owner alone.
const MODE: u32 = 0o600;

/// What of a file's mode lets others read or change it.
const OTHERS: u32 = 0o077;

/// Where random bytes come from.
const RANDOM: &str = "/dev/urandom";

/// The file with the keys of a service whose database is in this folder, unless another one is named:
/// beside the folder, so that it does not go with it.
#[must_use]
pub fn file_beside(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(".seal");
    name.into()
}

/// The keys in this file. If there is none, it is made, with one new key: nothing is believed for that,
/// but rows that were sealed before cannot be taken back from the stream any more.
///
/// # Errors
/// When the file cannot be read or made, can be read by others, or holds something else.
pub fn load_or_make(file: &Path) -> anyhow::Result<SealKeys> {
    match load(file) {
        Err(error) if is_missing(&error) => {
            make(file)
                .with_context(|| format!("the seal keys {} cannot be made", file.display()))?;
            tracing::info!(file = %file.display(), "made the key that seals this service's rows");
            load(file)
        }
        loaded => loaded,
    }
}

/// The keys in this file.
///
/// # Errors
/// When it is missing or cannot be read, can be read by others, or holds something else.
pub fn load(file: &Path) -> anyhow::Result<SealKeys> {
    let read = || -> anyhow::Result<SealKeys> {
        let mode = fs::metadata(file)?.mode();
        anyhow::ensure!(
            mode & OTHERS == 0,
            "others can read or change it (mode {:o}): `chmod 600` it, and put a new key on its first \
             line if others may have read it",
            mode & 0o777
        );
        Ok(fs::read_to_string(file)?.parse()?)
    };
    read().with_context(|| format!("the seal keys {} cannot be used", file.display()))
}

fn is_missing(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

/// Whole or not at all: a process that is killed in between leaves no half a key.
fn make(file: &Path) -> std::io::Result<()> {
    let mut bytes = [0; SEAL_KEY_BYTES];
    fs::File::open(RANDOM)?.read_exact(&mut bytes)?;
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    let mut half = file.as_os_str().to_owned();
    half.push(format!(".{}", std::process::id()));
    let half = PathBuf::from(half);
    let mut writing =
        OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(&half)?;
    writeln!(writing, "# Seals the rows of one service. One key a line, the newest first.")?;
    for byte in bytes {
        write!(writing, "{byte:02x}")?;
    }
    writeln!(writing)?;
    writing.sync_all()?;
    // A link, and not a move: what another process has made meanwhile stays.
    let made = fs::hard_link(&half, file);
    fs::remove_file(&half)?;
    match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.and_then(|()| fs::File::open(folder)?.sync_all()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_missing_file_is_made_once_and_read_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_beside(&folder.path().join("keys/order"));
        assert!(load(&file).is_err());
        load_or_make(&file).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, MODE);
        load_or_make(&file).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_others_can_read_or_that_holds_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        load_or_make(&file).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        assert!(format!("{:#}", load_or_make(&file).unwrap_err()).contains("chmod 600"));
        fs::set_permissions(&file, Permissions::from_mode(MODE)).unwrap();
        fs::write(&file, "secret").unwrap();
        assert!(format!("{:#}", load_or_make(&file).unwrap_err()).contains("line 1 is no key"));
    }
}
