//! The command line of one process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use runtime::address::Address;

/// A program and its arguments.
#[derive(Debug, PartialEq, Eq)]
pub struct CommandLine {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    /// What is added to its environment.
    pub environment: BTreeMap<String, String>,
}

impl CommandLine {
    /// With nothing added to the environment.
    pub const fn new(program: PathBuf, arguments: Vec<OsString>) -> Self {
        Self { program, arguments, environment: BTreeMap::new() }
    }

    /// Says an address in the environment that holds a password: arguments can be read by everybody.
    pub fn hide(&mut self, flag: &str, variable: &str) {
        let Some(at) = self.arguments.iter().position(|argument| argument == flag) else { return };
        let value = self.arguments.get(at + 1).and_then(|value| value.to_str()).unwrap_or_default();
        if Address::from(value).holds_a_secret() {
            self.environment.insert(variable.to_owned(), value.to_owned());
            self.arguments.drain(at..=at + 1);
        }
    }

    pub fn wrapped<const N: usize>(self, wrapper: &Path, leading: [&str; N]) -> Self {
        let mut arguments = texts(leading);
        arguments.push(self.program.into());
        arguments.extend(self.arguments);
        Self { program: wrapper.to_owned(), arguments, ..self }
    }
}

pub(crate) fn texts<const N: usize>(texts: [&str; N]) -> Vec<OsString> {
    texts.into_iter().map(OsString::from).collect()
}
