//! `murmur config`: what holds, and from where.

use std::ffi::OsStr;

use clap::ArgMatches;
use clap::parser::ValueSource;
use runtime::address::redacted;
use serde::Serialize;
use serde_json::json;
use terminal::verdict::Verdict;
use terminal::{line, table};

use crate::config_file::{self, ConfigFile};

/// What a key is set to.
#[derive(Debug, Serialize)]
pub(crate) struct Setting {
    key: String,
    value: Option<String>,
    from: &'static str,
}

/// All that was said: on this command line, in the environment and in the file.
#[derive(Debug)]
pub(crate) struct Settings {
    file: Option<String>,
    settings: Vec<Setting>,
}

impl Settings {
    /// Of this command line, and of an `up` that nothing more was said to.
    pub(crate) fn of(
        file: &ConfigFile,
        plain: &clap::Command,
        applied: &clap::Command,
        global: &ArgMatches,
    ) -> Self {
        let bare = applied.clone().try_get_matches_from(["murmur", config_file::UP]).ok();
        let up = bare.as_ref().and_then(|matches| matches.subcommand()).map(|(_, up)| up);
        let setting = |(key, arg): (String, &clap::Arg)| {
            let matches = if key.starts_with("up.") { up } else { Some(global) };
            let id = arg.get_id().as_str();
            let raw = matches.and_then(|matches| matches.get_raw(id));
            let value = raw.map(|values| values.map(shown).collect::<Vec<_>>().join(", "));
            let from = source(matches.and_then(|matches| matches.value_source(id)), file.has(&key));
            Setting { key, value, from }
        };
        let settings = config_file::keys(plain).into_iter().map(setting).collect();
        let file = file.path.as_ref().map(|path| path.display().to_string());
        Self { file, settings }
    }

    /// Prints them.
    pub(crate) fn show(&self, json: bool) -> Verdict {
        if json {
            line!("{}", json!({ "file": self.file, "settings": self.settings }));
            return Verdict::Clean;
        }
        line!("file: {}", self.file.as_deref().unwrap_or("none (no murmur.toml in this folder)"));
        let mut table = table::with_header(["key", "value", "from"]);
        for Setting { key, value, from } in &self.settings {
            table.add_row([key, value.as_deref().unwrap_or("-"), from]);
        }
        line!("{table}");
        Verdict::Clean
    }
}

fn source(source: Option<ValueSource>, is_in_file: bool) -> &'static str {
    match source {
        Some(ValueSource::CommandLine) => "flag",
        Some(ValueSource::EnvVariable) => "environment",
        _ if is_in_file => "file",
        _ => "default",
    }
}

/// Without the passwords of addresses.
fn shown(value: &OsStr) -> String {
    redacted(&value.to_string_lossy()).into_owned()
}
