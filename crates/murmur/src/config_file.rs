//! `murmur.toml`: what would otherwise be said on each command line. Every global flag can stand in it, and
//! in its table `up` every flag of `murmur up`. A flag that is given, or a variable, stands above it.
//!
//! Which keys there are follows from the command line itself: there is no second list of them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::{Arg, ArgAction, Command};

/// Looked for in the folder of work.
const FILE: &str = "murmur.toml";
/// The flag that names another.
pub(crate) const FLAG: &str = "config";
/// Flags that are no keys: a file names no other file, and what is asked for once is not kept.
const NO_KEYS: [&str; 3] = [FLAG, "help", "version"];
/// The command whose flags have a table of their own.
pub(crate) const UP: &str = "up";
/// Keys of files and folders, which are relative to the file that names them.
const PATHS: [&str; 5] = ["data", "token-file", "tls-ca", "up.programs", "up.tls"];

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct ConfigFile {
    /// None if there is none.
    pub(crate) path: Option<PathBuf>,
    values: BTreeMap<String, Vec<String>>,
}

impl ConfigFile {
    /// Reads the file that was named, or the one in the folder of work, if there is one. An empty name
    /// means none.
    ///
    /// # Errors
    /// When it cannot be read, or holds what the command line does not know.
    pub(crate) fn read(named: Option<OsString>, command: &Command) -> anyhow::Result<Self> {
        let path = named.as_ref().map_or_else(|| PathBuf::from(FILE), PathBuf::from);
        if path.as_os_str().is_empty() {
            return Ok(Self::default());
        }
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
                return Ok(Self::default());
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let values = values(&text, command).with_context(|| path.display().to_string())?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let values = values.into_iter().map(|(key, values)| beside(folder, key, values)).collect();
        Ok(Self { path: Some(path), values })
    }

    /// The command line that takes for a default what the file says.
    pub(crate) fn applied(&self, mut command: Command) -> Command {
        for (key, values) in &self.values {
            // As long as the command line lives, which is as long as the process does.
            let values = values.iter().map(|value| &*value.clone().leak()).collect::<Vec<_>>();
            let set = |arg: Arg| arg.default_values(values);
            command = match key.strip_prefix("up.") {
                Some(flag) => {
                    let id = id_of(command.find_subcommand(UP), flag);
                    command.mut_subcommand(UP, |up| up.mut_arg(id, set))
                }
                None => {
                    let id = id_of(Some(&command), key);
                    command.mut_arg(id, set)
                }
            };
        }
        command
    }

    /// Whether it says anything of a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }
}

/// All keys, each with its argument.
pub(crate) fn keys(command: &Command) -> Vec<(String, &Arg)> {
    let global = command.get_arguments().map(|arg| ("", arg));
    let up = command.find_subcommand(UP).into_iter().flat_map(Command::get_arguments);
    let all = global.chain(up.filter(|arg| !arg.is_global_set()).map(|arg| ("up.", arg)));
    let said =
        all.filter(|(_, arg)| !arg.is_hide_set() && !NO_KEYS.contains(&arg.get_id().as_str()));
    said.filter_map(|(table, arg)| Some((format!("{table}{}", arg.get_long()?), arg))).collect()
}

/// The key that was probably meant.
fn nearest<'k>(key: &str, known: &'k [(String, &Arg)]) -> &'k str {
    let likeness = |known: &str| strsim::jaro_winkler(key, known);
    // Who leaves the table out means the key in it.
    let of = |known: &str| likeness(known).max(likeness(known.trim_start_matches("up.")));
    let keys = known.iter().map(|(key, _)| key.as_str());
    keys.max_by(|a, b| of(a).total_cmp(&of(b))).unwrap_or_default()
}

fn id_of(command: Option<&Command>, flag: &str) -> String {
    let arguments = command.into_iter().flat_map(Command::get_arguments);
    let found = arguments.into_iter().find(|arg| arg.get_long() == Some(flag));
    found.map(|arg| arg.get_id().to_string()).unwrap_or_default()
}

/// What the text says, checked as the command line would check it.
fn values(text: &str, command: &Command) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let table: toml::Table = text.parse().map_err(|error| anyhow!("{error}"))?;
    let known = keys(command);
    let mut values = BTreeMap::new();
    for (key, value) in entries(table) {
        let Some((_, arg)) = known.iter().find(|(known, _)| *known == key) else {
            let nearest = nearest(&key, &known);
            bail!("there is no key {key:?}; the nearest is {nearest:?}");
        };
        let texts = texts(&key, &value, arg.get_action())?;
        check(&key, &texts, arg.get_action(), command)?;
        values.insert(key, texts);
    }
    Ok(values)
}

/// Each value with its whole key.
fn entries(table: toml::Table) -> Vec<(String, toml::Value)> {
    let mut all = Vec::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => {
                all.extend(inner.into_iter().map(|(name, value)| (format!("{key}.{name}"), value)));
            }
            value => all.push((key, value)),
        }
    }
    all
}

/// A value as the command line takes it.
fn texts(key: &str, value: &toml::Value, action: &ArgAction) -> anyhow::Result<Vec<String>> {
    match (action, value) {
        (ArgAction::SetTrue, toml::Value::Boolean(is_set)) => Ok(vec![is_set.to_string()]),
        (ArgAction::SetTrue, _) => bail!("{key} is true or false"),
        (ArgAction::Append, toml::Value::Array(all)) => {
            all.iter().map(|value| text(key, value)).collect()
        }
        (_, value) => Ok(vec![text(key, value)?]),
    }
}

fn text(key: &str, value: &toml::Value) -> anyhow::Result<String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        _ => bail!("{key} cannot be {}", value.type_str()),
    }
}

/// Whether the command line would take it.
fn check(
    key: &str,
    values: &[String],
    action: &ArgAction,
    command: &Command,
) -> anyhow::Result<()> {
    if matches!(action, ArgAction::SetTrue) {
        return Ok(());
    }
    for value in values {
        let line = match key.strip_prefix("up.") {
            Some(flag) => vec!["murmur".to_owned(), UP.to_owned(), format!("--{flag}={value}")],
            None => vec!["murmur".to_owned(), format!("--{key}={value}"), UP.to_owned()],
        };
        if let Err(wrong) = command.clone().try_get_matches_from(line) {
            let wrong = wrong.to_string();
            let first = wrong.lines().next().unwrap_or_default().trim_start_matches("error: ");
            bail!("{key}: {first}");
        }
    }
    Ok(())
}

/// A path, as seen from the file that names it.
fn beside(folder: &Path, key: String, values: Vec<String>) -> (String, Vec<String>) {
    let is_path = PATHS.contains(&key.as_str());
    let moved = |value: String| folder.join(value).to_string_lossy().into_owned();
    let values = if is_path { values.into_iter().map(moved).collect() } else { values };
    (key, values)
}

#[cfg(test)]
mod tests;
