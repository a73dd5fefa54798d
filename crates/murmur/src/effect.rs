//! What a command did to a process, in one line: what is gone, and what is back, from where and how soon.

use std::time::{Duration, Instant};

use client::process::Process;
use protocol::Service;
use serde_json::{Value, json};
use supervisor::readiness;
use supervisor::store_contents::Contents;
use supervisor::supervisor_client::SupervisorClient;
use terminal::verdict::Verdict;
use terminal::{hint, line, quantity};

use crate::global::Global;

/// A process killed, stopped, paused, started or wiped.
#[derive(Debug)]
pub(crate) struct Effect {
    /// The command, for a script.
    pub(crate) command: &'static str,
    pub(crate) process: Process,
    /// What was done.
    pub(crate) done: String,
    pub(crate) gone: Option<Contents>,
    pub(crate) back: Option<Return>,
    /// What follows, where nothing was waited for.
    pub(crate) next: Option<String>,
}

/// How a process came back.
#[derive(Debug)]
pub(crate) struct Return {
    /// `ready again from its database`.
    pub(crate) how: String,
    pub(crate) after: Duration,
}

impl Effect {
    pub(crate) const fn new(command: &'static str, process: Process, done: String) -> Self {
        Self { command, process, done, gone: None, back: None, next: None }
    }

    /// Says what was done, and what came of waiting for it.
    ///
    /// # Errors
    /// When it is not back; the message says what to look at.
    pub(crate) async fn conclude(
        mut self,
        global: &Global,
        waited: anyhow::Result<Option<Return>>,
    ) -> anyhow::Result<Verdict> {
        let (back, error) = match waited {
            Ok(back) => (back, None),
            Err(error) => (None, Some(error.context(not_back(self.process)))),
        };
        self.back = back;
        self.say(global).await?;
        error.map_or(Ok(Verdict::Clean), Err)
    }

    async fn say(&self, global: &Global) -> anyhow::Result<()> {
        if !global.json {
            line!("{}", hint::complete(&self.text()));
            return Ok(());
        }
        let report = SupervisorClient::in_folder(&global.data).report_on(self.process).await?;
        let back = self.back.as_ref().map(Return::as_json);
        line!(
            "{}",
            json!({ "done": self.command, "process": report, "gone": self.gone, "back": back })
        );
        Ok(())
    }

    fn text(&self) -> String {
        let mut parts = vec![format!("{}: {}", self.process, self.done)];
        let back = self.back.as_ref();
        parts.extend(back.map(|back| format!("{} in {}", back.how, quantity::took(back.after))));
        parts.extend(self.next.clone());
        parts.join("; ")
    }
}

impl Return {
    fn as_json(&self) -> Value {
        json!({ "how": self.how, "after_ms": u64::try_from(self.after.as_millis()).ok() })
    }
}

/// Waits until a process is ready again.
///
/// # Errors
/// When it is not within a bound.
pub(crate) async fn wait_ready(
    global: &Global,
    process: Process,
    how: String,
) -> anyhow::Result<Return> {
    let begun = Instant::now();
    readiness::ready(&global.running()?, process).await?;
    Ok(Return { how, after: begun.elapsed() })
}

/// Why a command that waited in vain has failed, and what shows more.
fn not_back(process: Process) -> String {
    format!(
        "{process} is not back (`murmur logs {process}` says why, `murmur status` how it stands)"
    )
}

/// Where a process finds again what it knew.
pub(crate) fn memory_of(process: Process) -> &'static str {
    match process {
        Process::Nats => "with its streams from its own folder",
        Process::Redis => "with the read model from its own file",
        Process::Service(_) => "from its own database",
        Process::Query => "with the read model in Redis",
        Process::Composer => "with nothing to restore",
    }
}

/// Where a wiped store comes back from.
pub(crate) fn source_of(process: Process) -> String {
    match process {
        Process::Nats => "published again from the services' databases".to_owned(),
        Process::Redis => "folded again from the streams".to_owned(),
        Process::Service(service) => restored(service),
        Process::Query | Process::Composer => "started again".to_owned(),
    }
}

fn restored(service: Service) -> String {
    format!("restored from the stream {}", service.stream())
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::service;

    #[test]
    fn one_line_says_what_is_gone_and_what_is_back() {
        let order = Process::Service(service::ORDER);
        let gone = Contents {
            store: "database",
            bytes: Some(3_200_000),
            items: Some(8_114),
            unit: "rows",
        };
        let mut wiped = Effect::new("wipe", order, format!("{gone} deleted"));
        let after = Duration::from_millis(1_310);
        wiped.back = Some(Return { how: source_of(order), after });
        assert_eq!(
            wiped.text(),
            "order: database (3.2 MB, 8,114 rows) deleted; restored from the stream ORDER in 1.3 s"
        );
        let mut stopped = Effect::new("stop", order, "stopped in 20 ms".to_owned());
        stopped.next = Some("it stays down".to_owned());
        assert_eq!(stopped.text(), "order: stopped in 20 ms; it stays down");
    }
}
