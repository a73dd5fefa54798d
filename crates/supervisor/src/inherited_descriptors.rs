//! What whoever starts murmur hands down without meaning to: open descriptors, such as the lock of a
//! `flock`, signals, the umask, the folder of work. What runs on for days keeps none of it.
//!
//! A shell lets go of it: to close a descriptor by its number is nothing that safe code can do.
//!
//! Deliberately absent: the same for commands that end by themselves. What they start ends with them.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use terminal::note;

use crate::programs;

/// The first descriptor that is not one of the standard ones.
const FIRST_OTHER: u32 = 3;

/// The flag of a descriptor that no started program gets, as `/proc` writes it.
const CLOSE_ON_EXEC: u32 = 0o2_000_000;

/// The highest descriptor that every shell can close.
const EVERY_SHELL_MAX: u32 = 9;

/// Names the process that has tried, and does not try for ever: what starts in its place is still it.
const LET_GO: &str = "MURMUR_LET_GO";

/// Files of a system in the background are for its owner alone: databases hold people's addresses, and
/// who can use the socket can stop everything.
const UMASK: &str = "077";

/// Starts this command anew in the place of this process, without the descriptors that were handed
/// down. Returns if there are none, or if it cannot be done, which it says.
pub(crate) fn let_go() {
    let handed_down = handed_down();
    let this = std::process::id().to_string();
    if handed_down.is_empty() || env::var_os(LET_GO).is_some_and(|tried| *tried == *this) {
        return;
    }
    let error = match env::current_exe() {
        Ok(murmur) => {
            let mut shell =
                shell(&format!("exec \"$0\" \"$@\" {}", closing(&handed_down)), &handed_down);
            shell.arg(murmur).args(env::args_os().skip(1)).env(LET_GO, this).exec()
        }
        Err(error) => error,
    };
    note!("what is started keeps the open descriptors {handed_down:?}: {error}");
}

/// The command that starts a program in the background: with SIGHUP ignored, as everything that it
/// starts has it, and with a umask of its own.
pub(crate) fn in_background(
    program: PathBuf,
    arguments: impl Iterator<Item = OsString>,
) -> Command {
    let handed_down = handed_down();
    let closing = closing(&handed_down);
    let mut command =
        shell(&format!("trap '' HUP; umask {UMASK}; exec \"$0\" \"$@\" {closing}"), &handed_down);
    command.arg(program).args(arguments);
    command
}

fn shell(script: &str, handed_down: &[u32]) -> Command {
    let any = handed_down.iter().all(|descriptor| *descriptor <= EVERY_SHELL_MAX);
    let bash = || programs::in_path("bash");
    let shell = if any { None } else { bash() };
    let mut command = Command::new(shell.unwrap_or_else(|| PathBuf::from("/bin/sh")));
    command.arg("-c").arg(script);
    command
}

fn closing(descriptors: &[u32]) -> String {
    let closing: Vec<_> = descriptors.iter().map(|number| format!("{number}>&-")).collect();
    closing.join(" ")
}

/// The descriptors that a started program would get beside the standard ones. Where there is no
/// `/proc`, none is known.
fn handed_down() -> Vec<u32> {
    let all = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut handed_down: Vec<u32> =
        numbers.filter(|number| *number >= FIRST_OTHER && is_handed_down(*number)).collect();
    handed_down.sort_unstable();
    handed_down
}

fn is_handed_down(descriptor: u32) -> bool {
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & CLOSE_ON_EXEC == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_here_is_not_handed_down() {
        let file = tempfile::tempfile().unwrap();
        assert!(!is_handed_down(std::os::fd::AsRawFd::as_raw_fd(&file).try_into().unwrap()));
        assert_eq!(closing(&[3, 12]), "3>&- 12>&-");
    }

    #[test]
    fn what_starts_in_the_background_ignores_hangups_and_keeps_its_files_to_its_owner() {
        let script = "umask; kill -HUP $$; echo still there".to_owned();
        let arguments = ["-c".into(), script.into()].into_iter();
        let output = in_background("/bin/sh".into(), arguments).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "0077\nstill there\n");
    }
}
