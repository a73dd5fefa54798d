//! What lets the operator of a system in: a token that only they can read, and the file of hashes that
//! all processes compare with. Whoever adds a line to that file lets somebody else in.
//!
//! Both are made by the first `murmur up`, and kept: a browser stays signed in, and who was let in
//! stays so. Without the token, the next one is made, and the one before is of no use any more.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use client::token_file;
use runtime::http::auth::{Bearer, Scopes};

use crate::private_file::write;

/// The name of the operator's line.
const OPERATOR: &str = "operator";

/// What the file of hashes begins with.
const HEAD: &str = "# Who is let in: SHA256 NAME SCOPES (read,write,price,operate), one token a line.\n\
    # It is followed while the system runs. The hash: printf %s TOKEN | sha256sum\n";

/// The file of hashes in a data folder.
pub(crate) fn hashes_in(data: &Path) -> PathBuf {
    data.join("tokens")
}

/// The file with the secret under which browsers stay signed in.
pub(crate) fn session_key_in(data: &Path) -> PathBuf {
    data.join("session.key")
}

/// Makes what is missing of it.
///
/// # Errors
/// When something cannot be read or written, or holds something else.
pub(crate) fn make(data: &Path) -> anyhow::Result<()> {
    let file = token_file::file_in(data);
    let token = match token_file::find(&file)? {
        Some(token) => token,
        None => make_secret(&file)?,
    };
    let key = session_key_in(data);
    if token_file::find(&key)?.is_none() {
        make_secret(&key)?;
    }
    let file = hashes_in(data);
    let known = match file.exists() {
        true => {
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?
        }
        false => HEAD.to_owned(),
    };
    let hashes = with_operator(&known, &token);
    if hashes == known { Ok(()) } else { write(&file, &hashes) }
}

fn make_secret(file: &Path) -> anyhow::Result<Bearer> {
    let secret = Bearer::random()?;
    write(file, &format!("{}\n", secret.expose()))?;
    Ok(secret)
}

/// The lines, with the operator's in place of the one before.
fn with_operator(known: &str, token: &Bearer) -> String {
    let line = format!("{} {OPERATOR} {}", token.hash(), Scopes::all());
    if known.lines().any(|known| known == line) {
        return known.to_owned();
    }
    let others = known.lines().filter(|line| line.split_whitespace().nth(1) != Some(OPERATOR));
    others.chain([&*line]).flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use runtime::http::auth::{Scope, Tokens};

    use crate::private_file::MODE;

    use super::*;

    fn is_let_in(data: &Path, token: &Bearer) -> bool {
        let found = Tokens::load(&hashes_in(data)).unwrap().find(token);
        found.is_some_and(|entry| entry.scopes.has(Scope::Operate))
    }

    #[test]
    fn what_is_made_is_kept_and_read_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        make(data).unwrap();
        let token = token_file::load(&token_file::file_in(data)).unwrap();
        assert!(is_let_in(data, &token));
        for file in [token_file::file_in(data), hashes_in(data), session_key_in(data)] {
            assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, MODE, "{}", file.display());
        }
        let hashes = fs::read_to_string(hashes_in(data)).unwrap();
        assert!(!hashes.contains(token.expose()));
        make(data).unwrap();
        assert_eq!(token_file::load(&token_file::file_in(data)).unwrap(), token);
        assert_eq!(fs::read_to_string(hashes_in(data)).unwrap(), hashes);
    }

    #[test]
    fn a_lost_token_is_replaced_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (data, shop) = (folder.path(), Bearer::random().unwrap());
        make(data).unwrap();
        let old = token_file::load(&token_file::file_in(data)).unwrap();
        let more =
            fs::read_to_string(hashes_in(data)).unwrap() + &format!("{} shop read\n", shop.hash());
        fs::write(hashes_in(data), more).unwrap();
        fs::remove_file(token_file::file_in(data)).unwrap();
        make(data).unwrap();
        let new = token_file::load(&token_file::file_in(data)).unwrap();
        assert!(is_let_in(data, &new) && !is_let_in(data, &old));
        assert!(Tokens::load(&hashes_in(data)).unwrap().find(&shop).is_some());
    }
}
