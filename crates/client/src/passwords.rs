//! Passwords that `murmur up` has made, and keeps in the data folder: whoever can read such a file may do
//! what they are good for.
//!
//! A line is `ORDER_PASSWORD = "…"`, so that a nats-server's configuration can include the file.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;
use contract_docs::accounts::conf::password_variable;
use runtime::address::Secret;

/// What stands in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passwords(BTreeMap<String, Secret>);

impl Passwords {
    /// Reads a file, if it is there.
    ///
    /// # Errors
    /// When it cannot be read, or holds something else.
    pub fn find(file: &Path) -> anyhow::Result<Option<Self>> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.display()));
            }
        };
        // What is wrong with it would be told with the line, and with what stands there.
        let lines = toml::from_str::<BTreeMap<String, String>>(&text).ok();
        let lines = lines.with_context(|| {
            format!("{} does not hold lines such as ORDER_PASSWORD = \"…\"", file.display())
        })?;
        Ok(Some(Self(lines.into_iter().map(|(name, secret)| (name, secret.into())).collect())))
    }

    /// Makes one for each of those that have none.
    ///
    /// # Errors
    /// When none can be made.
    pub fn complete<E>(
        &mut self,
        names: impl IntoIterator<Item = impl AsRef<str>>,
        mut make: impl FnMut() -> Result<String, E>,
    ) -> Result<(), E> {
        for name in names {
            if let Entry::Vacant(missing) = self.0.entry(password_variable(name.as_ref())) {
                missing.insert(make()?.into());
            }
        }
        Ok(())
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let line =
            |(name, secret): (&String, &Secret)| format!("{name} = \"{}\"\n", secret.expose());
        self.0.iter().map(line).collect()
    }

    /// Somebody's.
    pub fn of(&self, name: &str) -> Option<&Secret> {
        self.0.get(&password_variable(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("passwords");
        assert_eq!(Passwords::find(&file).unwrap(), None);
        let mut passwords = Passwords::default();
        let make = |secret: &'static str| move || Ok::<_, ()>(secret.to_owned());
        passwords.complete(["order", "operator"], make("murmur_1")).unwrap();
        passwords.complete(["order", "loyalty"], make("murmur_2")).unwrap();
        fs::write(&file, passwords.to_text()).unwrap();
        let found = Passwords::find(&file).unwrap().unwrap();
        assert_eq!(found, passwords);
        assert_eq!(found.of("order").unwrap().expose(), "murmur_1");
        assert_eq!(found.of("loyalty").unwrap().expose(), "murmur_2");
        assert!(!format!("{found:?}").contains("murmur_"));
    }

    #[test]
    fn what_is_no_such_file_is_refused_without_what_stands_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("passwords");
        fs::write(&file, "ORDER_PASSWORD = geheim").unwrap();
        let said = format!("{:#}", Passwords::find(&file).unwrap_err());
        assert!(said.contains("passwords") && !said.contains("geheim"), "{said}");
    }
}
