//! One running process: started with its output in a log, signalled, waited for.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use anyhow::Context as _;
use runtime::exit::MISCONFIGURED;
use rustix::process::{Pid, kill_process};
use tokio::process::{Child as Running, ChildStdin, Command};

use crate::command_line::CommandLine;
use crate::lifecycle::Signal;

/// A log that has grown beyond this is set aside at the next start; one older log is kept.
const LOG_BYTES_MAX: u64 = 64 << 20;
/// How much of a log's end is read for its last lines.
const TAIL_BYTES: u64 = 16 << 10;
/// Most that is shown of a process's last words, in characters.
const REASON_CHARACTERS_MAX: usize = 300;

/// What murmur itself was told in the environment, and a service would take for itself.
const NOT_FOR_CHILDREN: [&str; 4] =
    ["MURMUR_DATA", "MURMUR_FIRST_START", "MURMUR_SEAL_KEYS", "MURMUR_SNAPSHOTS"];

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Death {
    pub how: String,
    /// Whether it is configured wrongly: starting it again changes nothing.
    pub is_misconfigured: bool,
}

/// A process that has been started and not yet been waited for.
#[derive(Debug)]
pub(crate) struct Child {
    pid: Pid,
    /// Where its own words begin in the log, which it shares with those before it.
    log_from: u64,
    /// Closes when this supervisor ends, however it ends, and with it ends the child.
    _stdin: Option<ChildStdin>,
}

impl Child {
    /// Starts a process. Its folder of work is the data folder; who cleans up after a dead supervisor
    /// recognizes it by that.
    pub(crate) fn spawn(
        line: &CommandLine,
        folder: &Path,
        log: &Path,
    ) -> anyhow::Result<(Self, Running)> {
        let output = open_log(log).with_context(|| format!("cannot write {}", log.display()))?;
        let log_from = output.metadata()?.len();
        let mut command = Command::new(&line.program);
        for name in NOT_FOR_CHILDREN {
            command.env_remove(name);
        }
        // All logs in one time, so that they can be read beside each other.
        command.env("TZ", "UTC");
        // A backtrace on each error takes a process half a second, in which it could be back.
        command.env("RUST_LIB_BACKTRACE", "0");
        let mut running = command
            .args(&line.arguments)
            .envs(&line.environment)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            // A group of its own: Ctrl-C in the terminal is for the supervisor, which stops its
            // processes in order.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", line.program.display()))?;
        let pid = running.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        let pid = pid.context("the process ended at once")?;
        Ok((Self { pid, log_from, _stdin: running.stdin.take() }, running))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Where its own words begin in the log.
    pub(crate) const fn log_from(&self) -> u64 {
        self.log_from
    }

    /// Sends it a signal. One that has ended already needs none.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        send(self.pid, signal)
    }
}

/// Sends a signal to a process; it is no error if that one is gone.
pub(crate) fn send(pid: Pid, signal: Signal) -> io::Result<()> {
    let signal = match signal {
        Signal::Term => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
        Signal::Stop => rustix::process::Signal::STOP,
        Signal::Continue => rustix::process::Signal::CONT,
    };
    match kill_process(pid, signal) {
        Err(error) if error != rustix::io::Errno::SRCH => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// How a process ended, with the last that it said, if it gave up by itself.
pub(crate) fn death(status: &io::Result<ExitStatus>, log: &Path, log_from: u64) -> Death {
    let how = match status {
        Ok(status) if status.success() => "ended by itself".to_owned(),
        Ok(status) if status.signal().is_some() => status.to_string(),
        Ok(status) => with_last_words(status.to_string(), log, log_from),
        Err(error) => with_last_words(format!("lost sight of it: {error}"), log, log_from),
    };
    let code = status.as_ref().ok().and_then(ExitStatus::code);
    Death { how, is_misconfigured: code == Some(MISCONFIGURED.into()) }
}

fn with_last_words(how: String, log: &Path, log_from: u64) -> String {
    let said = last_words(&tail(log, log_from, usize::MAX));
    if said.is_empty() { how } else { format!("{how}; {said}") }
}

/// The last error with its causes, or else the last line. How the program is used, which a wrong
/// command line shows as well, is left out.
fn last_words(lines: &[String]) -> String {
    let is_error = |line: &String| line.starts_with("Error: ") || line.starts_with("error: ");
    let from = lines.iter().rposition(is_error).unwrap_or(lines.len().saturating_sub(1));
    let words = lines[from..].iter().map(|line| line.trim());
    let words: Vec<_> = words.take_while(|line| !line.starts_with("Usage: ")).collect();
    words.join(" ").chars().take(REASON_CHARACTERS_MAX).collect()
}

/// The last lines of a log from that place on; none if it cannot be read.
pub(crate) fn tail(log: &Path, from: u64, lines: usize) -> Vec<String> {
    let read = || {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES).max(from)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    };
    let text = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let said: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    said[said.len().saturating_sub(lines)..].iter().map(ToString::to_string).collect()
}

/// Opens a log for appending; sets an overgrown one aside first.
pub(crate) fn open_log(log: &Path) -> io::Result<File> {
    if log.metadata().is_ok_and(|file| file.len() > LOG_BYTES_MAX) {
        fs::rename(log, log.with_extension("log.1"))?;
    }
    File::options().create(true).append(true).open(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> CommandLine {
        CommandLine::new("/bin/sh".into(), vec!["-c".into(), script.into()])
    }

    #[tokio::test]
    async fn a_death_comes_with_the_last_thing_that_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("x.log");
        let script = "echo starting; echo 'no port' >&2; exit 3";
        let (_child, mut running) = Child::spawn(&shell(script), folder.path(), &log).unwrap();
        let status = running.wait().await;
        let ended = |how: &str| Death { how: how.to_owned(), is_misconfigured: false };
        assert_eq!(death(&status, &log, 0), ended("exit status: 3; no port"));
        let later = log.metadata().unwrap().len();
        assert_eq!(death(&status, &log, later), ended("exit status: 3"));
    }

    #[tokio::test]
    async fn a_wrong_command_line_is_told_without_how_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("x.log");
        let script =
            "echo \"error: no such option '--x'\n\n  tip: '--y'\n\nUsage: x\" >&2; exit 64";
        let (_child, mut running) = Child::spawn(&shell(script), folder.path(), &log).unwrap();
        let how = "exit status: 64; error: no such option '--x' tip: '--y'".to_owned();
        let died = death(&running.wait().await, &log, 0);
        assert_eq!(died, Death { how, is_misconfigured: true });
    }

    #[test]
    fn the_last_error_is_shown_with_its_causes() {
        let lines = ["Error: old", "INFO starting", "Error: no database", "Caused by:", "  full"];
        let lines = lines.map(str::to_owned);
        assert_eq!(last_words(&lines), "Error: no database Caused by: full");
        assert_eq!(last_words(&lines[..2]), "Error: old INFO starting");
        assert_eq!(last_words(&[]), "");
    }

    #[tokio::test]
    async fn dropping_the_child_closes_its_standard_input() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("x.log");
        let (child, mut running) = Child::spawn(&shell("cat"), folder.path(), &log).unwrap();
        drop(child);
        assert!(running.wait().await.unwrap().success());
    }

    #[tokio::test]
    async fn a_signal_to_an_ended_process_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("x.log");
        let (child, mut running) = Child::spawn(&shell("exit 0"), folder.path(), &log).unwrap();
        running.wait().await.unwrap();
        child.signal(Signal::Kill).unwrap();
    }

    #[test]
    fn a_missing_log_has_no_tail() {
        assert_eq!(tail(Path::new("/nowhere/x.log"), 0, 3), Vec::<String>::new());
    }
}
