//! `murmur new service`: a crate of one's own that takes part in the shop from its first test on.
//!
//! It is `examples/loyalty` under another name, so that what a newcomer gets is what is built and tested here.
//! Deliberately absent: templates, and options for them. What is to be different is changed in the code.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use protocol::Service;
use serde_json::json;
use terminal::line;
use terminal::verdict::Verdict;

use crate::global::Global;

/// The service that every new one begins as.
const EXAMPLE: &str = "loyalty";

/// Includes files of the example by their paths in it.
macro_rules! files {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../../examples/loyalty/", $path)))),*]
    };
}

/// Its files.
const FILES: [(&str, &str); 17] = files![
    "Cargo.toml",
    "src/main.rs",
    "src/lib.rs",
    "src/events.rs",
    "src/declaration.rs",
    "src/domain.rs",
    "src/domain/tests.rs",
    "src/tables.rs",
    "src/api.rs",
    "src/process.rs",
    "tests/stories/main.rs",
    "tests/stories/worlds.rs",
    "tests/stories/contract.rs",
    "tests/stories/compose.rs",
    "examples/documents.rs",
    "Dockerfile",
    "compose.yaml",
];

/// Words that no crate can be named, as far as a service can be.
const KEYWORDS: [&str; 29] = [
    "abstract", "async", "await", "become", "break", "const", "continue", "crate", "dyn", "else",
    "enum", "extern", "false", "final", "impl", "loop", "macro", "match", "move", "override",
    "return", "static", "struct", "super", "test", "trait", "true", "unsafe", "where",
];

/// What `murmur new` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a service in examples/NAME of the checkout that this folder is in.
    Service {
        /// Its name, which is also that of its stream and its crate: lower-case letters and digits.
        name: String,
    },
}

/// Makes it, and says what comes next.
///
/// # Errors
/// When the name cannot be a service's, or is taken, or this is no checkout, or nothing can be written.
pub(crate) fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    let What::Service { name } = &args.what;
    let here = std::env::current_dir().context("this folder cannot be found")?;
    let checkout = checkout_around(&here).context(
        "this is no checkout of Murmuration: a service is built in its workspace; go there first",
    )?;
    let folder = make(&checkout, name)?;
    if global.json {
        line!("{}", json!({ "service": name, "folder": folder }));
        return Ok(Verdict::Clean);
    }
    line!("made {}: it is examples/{EXAMPLE} under another name", folder.display());
    line!("  cargo test -p {name}     its rules, and every run of an order with it");
    line!("  cargo build -p {name}    then run it beside the shop: docs/own-service.md");
    line!(
        "then make it yours: events.rs, declaration.rs, domain.rs, tables.rs, api.rs, in this order"
    );
    Ok(Verdict::Clean)
}

fn checkout_around(here: &Path) -> Option<PathBuf> {
    let is_one = |folder: &&Path| folder.join("crates/engine/Cargo.toml").is_file();
    here.ancestors().find(is_one).map(Path::to_owned)
}

fn make(checkout: &Path, name: &str) -> anyhow::Result<PathBuf> {
    check_name(checkout, name)?;
    let folder = checkout.join("examples").join(name);
    let cannot = || format!("{} cannot be made", folder.display());
    fs::create_dir_all(checkout.join("examples")).with_context(cannot)?;
    fs::create_dir(&folder).with_context(cannot)?;
    if let Err(error) = write(&folder, name) {
        // Half a crate would keep the whole workspace from building.
        drop(fs::remove_dir_all(&folder));
        return Err(error).with_context(cannot);
    }
    Ok(folder)
}

fn check_name(checkout: &Path, name: &str) -> anyhow::Result<()> {
    let service: Service = name.parse()?;
    ensure!(
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
        "{name:?} cannot be a crate's name: use lower-case letters and digits only"
    );
    ensure!(!KEYWORDS.contains(&name), "{name:?} is a word of Rust: choose another name");
    ensure!(
        !contracts::service::ALL.contains(&service),
        "{name} is a service of the shop already: choose another name"
    );
    let lock = fs::read_to_string(checkout.join("Cargo.lock"))?;
    let taken = lock.lines().any(|line| line == format!("name = \"{name}\""));
    ensure!(!taken, "there is a crate {name} already: choose another name");
    Ok(())
}

fn write(folder: &Path, name: &str) -> std::io::Result<()> {
    for (path, text) in FILES {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(file, renamed(text, name))?;
    }
    Ok(())
}

fn renamed(text: &str, name: &str) -> String {
    let (first, rest) = name.split_at(name.len().min(1));
    text.replace(EXAMPLE, name)
        .replace(&EXAMPLE.to_uppercase(), &name.to_uppercase())
        .replace("Loyalty", &format!("{}{rest}", first.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        checkout_around(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn files_in(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn a_new_service_is_the_whole_example_under_another_name() {
        let example = root().join("examples").join(EXAMPLE);
        assert_eq!(files_in(&example).len(), FILES.len(), "a file of the example is left out");
        for (path, text) in FILES {
            assert_eq!(fs::read_to_string(example.join(path)).unwrap(), text);
            let other = renamed(text, "stamps");
            assert!(!other.to_lowercase().contains(EXAMPLE), "{path}");
            assert_eq!(renamed(text, EXAMPLE), text);
        }
    }

    #[test]
    fn it_is_made_once_and_never_under_a_name_that_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(root().join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
        let made = make(folder.path(), "stamps").unwrap();
        assert_eq!(files_in(&made).len(), FILES.len());
        assert!(make(folder.path(), "stamps").is_err());
        for bad in ["", "Stamps", "gift-cards", "2stamps", "order", "serde", "struct", "../x"] {
            assert!(make(folder.path(), bad).is_err(), "{bad}");
        }
        assert_eq!(fs::read_dir(folder.path().join("examples")).unwrap().count(), 1);
    }
}
