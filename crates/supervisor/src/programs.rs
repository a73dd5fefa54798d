//! Finds the programs of the processes: `murmur` itself, which is every service, and the stores where the
//! system keeps them.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use client::process::Process;

/// Where Debian and others put servers that are not in every user's `PATH`.
const SERVER_FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/usr/bin"];

/// The program of all services.
const MURMUR: &str = "murmur";

/// The program of a process. `folder` is where another `murmur` is looked for than the one that runs.
///
/// # Errors
/// When there is none; the message says how to get it.
pub(crate) fn find(process: Process, folder: Option<&Path>) -> anyhow::Result<PathBuf> {
    match process {
        Process::Nats => server("nats-server", "NATS_SERVER"),
        Process::Redis => server("redis-server", "REDIS_SERVER"),
        Process::Service(_) | Process::Query | Process::Composer => murmur(folder),
    }
}

/// A program that makes its child end when the supervisor dies, however it dies. The stores have no
/// flag for that, as the services have. Not everywhere; without it, the next `up` cleans up.
pub(crate) fn tether() -> Option<PathBuf> {
    if cfg!(target_os = "linux") { in_path("setpriv") } else { None }
}

/// A program that starts another one at a lower priority. Everywhere but on the barest systems; without
/// it, all have the same.
pub(crate) fn nice() -> Option<PathBuf> {
    in_path("nice")
}

fn server(name: &str, variable: &str) -> anyhow::Result<PathBuf> {
    if let Some(named) = env::var_os(variable).filter(|value| !value.is_empty()) {
        let named = PathBuf::from(named);
        if !is_program(&named) {
            bail!("{variable} names {}, which is no program", named.display());
        }
        // Children are started in folders of their own.
        return Ok(std::path::absolute(named)?);
    }
    in_path(name).with_context(|| {
        format!(
            "{name} is not installed: `sudo apt-get install {name}`, \
             or name a program with {variable}"
        )
    })
}

/// A program of that name, where the system keeps them.
pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(SERVER_FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|program| is_program(program))
}

fn murmur(folder: Option<&Path>) -> anyhow::Result<PathBuf> {
    let Some(folder) = folder else {
        return env::current_exe().context("cannot tell where murmur itself is");
    };
    // Children are started in folders of their own.
    let program = std::path::absolute(folder.join(MURMUR))?;
    if !is_program(&program) {
        bail!(
            "there is no program {}: build it with `cargo build --bin murmur`, \
             or say with --programs where it is",
            program.display()
        );
    }
    Ok(program)
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_not_built_is_named_with_the_way_to_build_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = find(Process::Query, Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("murmur") && error.contains("cargo build"), "{error}");
    }

    #[test]
    fn a_text_file_is_no_program() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(MURMUR);
        std::fs::write(&file, "").unwrap();
        assert!(!is_program(&file));
    }
}
