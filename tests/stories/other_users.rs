//! What another user of the same machine gets of a system: nothing, however its folder lies.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::System;

/// A user of every machine, who is not the one that runs tests.
const NOBODY: u32 = 65_534;

/// Says which of the files that it is given it may read or write. To connect to a socket is to write to it.
const LOOK: &str =
    r#"for file; do if [ -r "$file" ] || [ -w "$file" ]; then echo "$file"; fi; done"#;

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        // Some come and go.
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            files_below(&path, found);
        }
        found.push(path);
    }
}

/// Those of the files that somebody else may use. Only root can ask as somebody else; whoever else runs
/// this looks at the modes.
fn open_to_nobody(files: &[PathBuf]) -> Vec<String> {
    let asked =
        Command::new("sh").args(["-c", LOOK, "sh"]).args(files).uid(NOBODY).gid(NOBODY).output();
    let Ok(asked) = asked else {
        let is_open = |file: &&PathBuf| {
            fs::symlink_metadata(file).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
        };
        return files.iter().filter(is_open).map(|file| file.display().to_string()).collect();
    };
    assert!(asked.status.success(), "{asked:?}");
    String::from_utf8(asked.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn another_user_of_the_machine_reads_no_file_and_arms_no_process_through_the_socket() {
    let system = System::start();
    system.stock_up();
    let data = system.folder("");
    let mut files = Vec::new();
    files_below(&data, &mut files);
    let sockets = files
        .iter()
        .filter(|file| fs::symlink_metadata(file).is_ok_and(|file| file.file_type().is_socket()));
    assert!(sockets.count() >= 1, "the supervisor listens there: {files:?}");
    for secret in ["broker.keys", "redis.keys", "operator.token", "session.key"] {
        assert!(files.contains(&data.join(secret)), "{secret}: {files:?}");
    }
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(open_to_nobody(&files), [""; 0]);
    // Whoever opens the folder opens no socket, secret or store in it.
    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    let is_told = |file: &&PathBuf| {
        !file.starts_with(data.join("logs")) && **file != data.join("supervisor.lock")
    };
    let kept: Vec<PathBuf> = files.iter().filter(is_told).cloned().collect();
    assert_eq!(open_to_nobody(&kept), [""; 0]);
    // Nor can it be seen what a process was started with.
    let pids = system.status()["processes"].as_array().unwrap().clone();
    let environments =
        pids.iter().map(|process| format!("/proc/{}/environ", process["pid"]).into());
    let environments: Vec<PathBuf> = environments.collect();
    assert_eq!(environments.len(), 10);
    assert_eq!(open_to_nobody(&environments), [""; 0]);
}
