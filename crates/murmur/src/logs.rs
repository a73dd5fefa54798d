//! `murmur logs`: what the processes have written, merged by time, also of a system that is down.
//!
//! A line has the time that its program has put before it; one without belongs to the line before.

mod line_time;
mod log_file;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use client::process::Process;
use serde_json::json;
use supervisor::data_folder;
use terminal::interruption;
use terminal::output::plain;
use terminal::verdict::Verdict;
use terminal::{line, note};

use self::log_file::{LogFile, LogLine};
use crate::global::Global;

/// How often is looked for new lines. A look costs two system calls a log.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Most lines of each log: whoever wants more reads the files.
const LINES_MAX: u64 = 100_000;
/// The log of the supervisor that runs in the background.
const SUPERVISOR: &str = "supervisor";

/// What `murmur logs` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the logs of these: nats, redis, a service, query, composer, or supervisor (which only `up
    /// --detach` writes); without any, those of all processes.
    #[arg(value_name = "PROCESS")]
    names: Vec<LogName>,
    /// Go on with what is written from now on, across restarts.
    #[arg(long, short)]
    follow: bool,
    /// So many of the last lines of each.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20,
        value_parser = clap::value_parser!(u64).range(0..=LINES_MAX))]
    lines: u64,
}

/// Whose log.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LogName(String);

impl FromStr for LogName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == SUPERVISOR {
            return Ok(Self(SUPERVISOR.to_owned()));
        }
        let process: Process = name.parse().map_err(|error| format!("{error}, or supervisor"))?;
        Ok(Self(process.to_string()))
    }
}

/// The logs that are read, and how they are shown.
struct Logs<'a> {
    global: &'a Global,
    files: Vec<(String, LogFile)>,
}

/// Prints the last lines, and follows if that is wanted.
pub(crate) async fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    let mut logs = Logs::of(global, &args.names)?;
    logs.show_last(usize::try_from(args.lines)?, args.follow)?;
    if !args.follow {
        return Ok(Verdict::Clean);
    }
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            _ = looks.tick() => logs.show_new()?,
            // Its usual end.
            _ = interruption::asked() => return Ok(Verdict::Clean),
        }
    }
}

impl<'a> Logs<'a> {
    fn of(global: &'a Global, names: &[LogName]) -> anyhow::Result<Self> {
        let data = &global.data;
        let all = Process::ALL.map(|process| LogName(process.to_string()));
        let names = if names.is_empty() { &all[..] } else { names };
        let file =
            |name: &LogName| (name.0.clone(), LogFile::new(data_folder::log_in(data, &name.0)));
        let files: Vec<_> = names.iter().map(file).collect();
        if !files.iter().any(|(_, file)| file.path().exists()) {
            bail!("there is no such log in {}: `murmur up` starts a system there", data.display());
        }
        Ok(Self { global, files })
    }

    fn show_last(&mut self, lines: usize, follow: bool) -> anyhow::Result<()> {
        let mut all = Vec::new();
        for (name, file) in &mut self.files {
            let last = file.last(lines, follow).with_context(|| unreadable(file.path()))?;
            all.extend(last.into_iter().map(|line| (name.clone(), line)));
        }
        self.show(all);
        let silent = self.files.iter().filter(|(_, file)| !file.path().exists());
        let silent: Vec<_> = silent.map(|(name, _)| name.as_str()).collect();
        if !silent.is_empty() {
            note!("no log yet: {}", silent.join(", "));
        }
        Ok(())
    }

    fn show_new(&mut self) -> anyhow::Result<()> {
        let mut all = Vec::new();
        for (name, file) in &mut self.files {
            let new = file.new_lines().with_context(|| unreadable(file.path()))?;
            all.extend(new.into_iter().map(|line| (name.clone(), line)));
        }
        self.show(all);
        Ok(())
    }

    /// The sort is stable: what is of one time, or of none, stays in the order of its log.
    fn show(&self, mut lines: Vec<(String, LogLine)>) {
        lines.sort_by_key(|(_, line)| line.time);
        for (name, LogLine { time, text }) in lines {
            if self.global.json {
                line!("{}", json!({ "process": name, "time": time, "line": text }));
            } else {
                line!("{name:<10} {}", plain(&text.replace('\t', "    ")));
            }
        }
    }
}

fn unreadable(path: &Path) -> String {
    format!("cannot read {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_named_as_its_process_is() {
        assert_eq!("broker".parse(), Ok(LogName("nats".to_owned())));
        assert_eq!("supervisor".parse(), Ok(LogName("supervisor".to_owned())));
        assert!("the-cat".parse::<LogName>().unwrap_err().contains("or supervisor"));
    }
}
