//! The file that says which tokens there are: one a line, as `<sha256-hex> <name> <scopes>`.
//!
//! It is looked at again each second, so that tokens are added, rotated and withdrawn while the process
//! runs. What cannot be read leaves the last that could be: a slip of an editor locks nobody out, and
//! lets nobody in.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, ensure};
use subtle::ConstantTimeEq as _;

use super::bearer::{Bearer, InvalidHash, TokenHash};
use super::scope::{Scopes, UnknownScope};
use crate::followed_file;
use crate::shutdown::Stop;

/// Largest file: thousands of tokens. Each of them is compared with what a request brings.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What of a file's mode lets others change it: they could give themselves a token.
const OTHERS_WRITE: u32 = 0o022;

/// Longest name of a token.
const NAME_LENGTH_MAX: usize = 64;

/// One token, as the file has it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Of the token.
    pub hash: TokenHash,
    /// Whose it is, for people. Two tokens of one name are of one client: that is how one is rotated.
    pub name: Arc<str>,
    /// What it is good for.
    pub scopes: Scopes,
}

/// All tokens of a file.
#[derive(Clone, Debug, Default)]
pub struct TokenList(Vec<Arc<Entry>>);

/// The tokens of a file, as it was when it was last looked at.
#[derive(Debug)]
pub struct Tokens {
    file: PathBuf,
    loaded: RwLock<Loaded>,
}

#[derive(Debug, Default)]
struct Loaded {
    /// What was looked at last, and may make no sense.
    text: String,
    list: TokenList,
}

/// What is wrong with a line. What stands there is not shown: it may be a token.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is no `<sha256-hex> <name> <scopes>`: {reason}")]
pub struct InvalidLine {
    line: usize,
    reason: InvalidEntry,
}

/// What is wrong with a line's content.
#[derive(Debug, thiserror::Error)]
enum InvalidEntry {
    #[error("it has not three parts")]
    Parts,
    #[error(transparent)]
    Hash(#[from] InvalidHash),
    #[error("its name is not of at most 64 letters, digits and -_.")]
    Name,
    #[error(transparent)]
    Scopes(#[from] UnknownScope),
    #[error("its token has a line before it")]
    Twice,
}

impl Tokens {
    /// Those of this file.
    ///
    /// # Errors
    /// When it cannot be read, others can change it, or it holds something else.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        let loaded = || -> anyhow::Result<Loaded> {
            let text = read(file)?;
            let list = text.parse()?;
            Ok(Loaded { text, list })
        };
        let loaded = loaded().with_context(|| cannot_be_used(file))?;
        tracing::info!(file = %file.display(), tokens = loaded.list.0.len(), "HTTP asks for tokens");
        Ok(Self { file: file.to_owned(), loaded: RwLock::new(loaded) })
    }

    /// What the file says of this token, if it is in it.
    #[must_use]
    pub fn find(&self, token: &Bearer) -> Option<Arc<Entry>> {
        self.find_hash(&token.hash())
    }

    /// What the file says of the token with this hash.
    #[must_use]
    pub fn find_hash(&self, hash: &TokenHash) -> Option<Arc<Entry>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).list.find(hash)
    }

    /// Looks at the file again and again, until it is time to stop.
    pub async fn follow(self: Arc<Self>, stop: Stop) {
        let stays = "the tokens that were in it before go on to count";
        followed_file::follow(move || self.look_again(), stays, stop).await;
    }

    /// Looks at the file again.
    ///
    /// # Errors
    /// As for [`Tokens::load`]; what was loaded before stays.
    pub fn look_again(&self) -> anyhow::Result<()> {
        let text = read(&self.file).with_context(|| cannot_be_used(&self.file))?;
        if self.loaded.read().unwrap_or_else(PoisonError::into_inner).text == text {
            return Ok(());
        }
        let list: TokenList = text.parse().with_context(|| cannot_be_used(&self.file))?;
        tracing::info!(file = %self.file.display(), tokens = list.0.len(), "the tokens have changed");
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        *loaded = Loaded { text, list };
        Ok(())
    }
}

impl TokenList {
    /// Looks at all of them, whichever it is: how long that takes tells nothing.
    fn find(&self, hash: &TokenHash) -> Option<Arc<Entry>> {
        let mut found = None;
        for entry in &self.0 {
            if entry.hash.ct_eq(hash).into() {
                found = Some(Arc::clone(entry));
            }
        }
        found
    }
}

fn cannot_be_used(file: &Path) -> String {
    format!("the tokens {} cannot be used", file.display())
}

fn read(file: &Path) -> anyhow::Result<String> {
    let metadata = fs::metadata(file)?;
    let mode = metadata.mode() & 0o777;
    ensure!(
        mode & OTHERS_WRITE == 0,
        "others can change it (mode {mode:o}): `chmod go-w` it, and look at what is in it"
    );
    ensure!(metadata.len() <= FILE_BYTES_MAX, "it is larger than {FILE_BYTES_MAX} bytes");
    Ok(fs::read_to_string(file)?)
}

impl FromStr for TokenList {
    type Err = InvalidLine;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::default();
        for (nth, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let entry = entry_of(line).and_then(|entry| match all.find(&entry.hash) {
                Some(_) => Err(InvalidEntry::Twice),
                None => Ok(Arc::new(entry)),
            });
            all.0.push(entry.map_err(|reason| InvalidLine { line: nth + 1, reason })?);
        }
        Ok(all)
    }
}

fn entry_of(line: &str) -> Result<Entry, InvalidEntry> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let [hash, name, scopes] = parts[..] else { return Err(InvalidEntry::Parts) };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.len() > NAME_LENGTH_MAX || !name.bytes().all(is_plain) {
        return Err(InvalidEntry::Name);
    }
    Ok(Entry { hash: hash.parse()?, name: name.into(), scopes: scopes.parse()? })
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn line(token: &str, name: &str, scopes: &str) -> String {
        format!("{} {name} {scopes}\n", TokenHash::of(token))
    }

    #[test]
    fn a_line_is_a_hash_a_name_and_scopes_and_what_is_wrong_is_told_without_it() {
        let text = format!("# of the shop\n\n{}", line("abc", "shop", "read,write"));
        let list: TokenList = text.parse().unwrap();
        let found = list.find(&TokenHash::of("abc")).unwrap();
        assert_eq!((&*found.name, found.scopes.to_string()), ("shop", "read,write".to_owned()));
        assert!(list.find(&TokenHash::of("abd")).is_none());
        for (wrong, says) in [
            ("geheim shop read".to_owned(), "64 hexadecimal"),
            (line("geheim", "", "read"), "three parts"),
            (line("geheim", "a/b", "read"), "its name"),
            (line("geheim", "shop", "read,all"), "its scopes"),
            (line("geheim", "shop", "read") + &line("geheim", "b", "read"), "a line before it"),
        ] {
            let said = wrong.parse::<TokenList>().unwrap_err().to_string();
            assert!(said.contains(says) && !said.contains("geheim"), "{said}");
        }
    }

    #[test]
    fn what_changes_is_seen_and_what_cannot_be_read_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        assert!(format!("{:#}", Tokens::load(&file).unwrap_err()).contains("cannot be used"));
        fs::write(&file, line("old", "shop", "read")).unwrap();
        let tokens = Tokens::load(&file).unwrap();
        let knows = |token: &str| tokens.find_hash(&TokenHash::of(token)).is_some();
        assert!(knows("old") && !knows("new"));
        fs::write(&file, "what is this").unwrap();
        assert!(tokens.look_again().is_err() && knows("old"));
        fs::write(&file, line("new", "shop", "read")).unwrap();
        tokens.look_again().unwrap();
        assert!(!knows("old") && knows("new"));
        fs::set_permissions(&file, Permissions::from_mode(0o622)).unwrap();
        assert!(format!("{:#}", tokens.look_again().unwrap_err()).contains("others can change it"));
        fs::remove_file(&file).unwrap();
        assert!(tokens.look_again().is_err() && knows("new"));
    }
}
