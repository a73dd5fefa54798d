//! The users of Redis: who folds into it, who only answers from it, and who looks after it. Each may run the
//! commands that it needs, on the keys of the read model, and there is nobody else.
//!
//! What is in Redis depends on none of them: a folder from before gets them with its next start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use client::passwords::Passwords;
use client::redis::{OPERATOR, PROJECTOR, READER, keys_in};
use runtime::http::auth::TokenHash;

use crate::data_folder::DataFolder;
use crate::{passwords, private_file};

/// What each may do, with a mark in the place of the hash of its password. Nobody can log in as `default`,
/// which may do everything: Redis plays its own log back as that user, and leaves out what it may not.
const USERS: &str = include_str!("../../query/users.acl");

/// All of them.
const NAMES: [&str; 3] = [PROJECTOR, READER, OPERATOR];

/// The file that Redis is started with.
pub(crate) fn file_in(data: &Path) -> PathBuf {
    data.join("redis.acl")
}

/// Makes the passwords that are missing, and what Redis is to know of them.
///
/// # Errors
/// When something cannot be read or written.
pub(crate) fn make(folder: &DataFolder) -> anyhow::Result<Passwords> {
    let keys = passwords::made(&keys_in(folder.path()), NAMES)?;
    let mut text = USERS.to_owned();
    for name in NAMES {
        let password = keys.of(name).with_context(|| format!("{name} has no password"))?;
        let mark = format!("#{}", name.to_uppercase());
        text = text.replace(&mark, &format!("#{}", TokenHash::of(password.expose())));
    }
    private_file::write(&file_in(folder.path()), &text)?;
    Ok(keys)
}

/// What a process that folds is told, so that Redis lets it in.
pub(crate) fn login(keys: &Passwords) -> BTreeMap<String, String> {
    let Some(password) = keys.of(PROJECTOR) else { return BTreeMap::new() };
    let said = [("MURMUR_REDIS_USER", PROJECTOR), ("MURMUR_REDIS_PASSWORD", password.expose())];
    said.into_iter().map(|(variable, value)| (variable.to_owned(), value.to_owned())).collect()
}

/// The same, as if it had been started with a running system; nothing where everybody is let in.
///
/// # Errors
/// When the passwords cannot be read.
pub fn login_in(data: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    Ok(Passwords::find(&keys_in(data))?.map(|keys| login(&keys)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn passwords_are_made_once_and_redis_knows_their_hashes_only() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(data.path()).unwrap();
        let keys = make(&folder).unwrap();
        assert_eq!(make(&folder).unwrap(), keys);
        let text = fs::read_to_string(file_in(data.path())).unwrap();
        for name in NAMES {
            let password = keys.of(name).unwrap().expose();
            let hash = TokenHash::of(password).to_string();
            assert!(text.contains(&format!("user {name} on #{hash} resetchannels")), "{text}");
            assert!(!text.contains(password), "{text}");
        }
        assert!(text.starts_with("user default off "), "{text}");
        for file in [file_in(data.path()), keys_in(data.path())] {
            assert_eq!(fs::metadata(file).unwrap().mode() & 0o777, private_file::MODE);
        }
        let login = login_in(data.path()).unwrap();
        assert_eq!(login["MURMUR_REDIS_USER"], "projector");
        assert_eq!(login["MURMUR_REDIS_PASSWORD"], keys.of(PROJECTOR).unwrap().expose());
    }
}
