//! What somebody else has written into a stream: shown with what was decided on it, kept, and taken out by
//! the stream's owner, which is started once with the permission to do that.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use client::process::Process;
use client::run_file::RunFile;
use engine::healing::{Plan, Refusal};
use protocol::{Position, Row, Service};
use runtime::healing::{Decisions, Intrusion, Stores};
use serde_json::{Value, json};
use supervisor::protocol::{Act, Arming, State};
use supervisor::readiness;
use supervisor::redundancy::permit::Permit;
use supervisor::service_status::ServiceReport;
use supervisor::supervisor_client::SupervisorClient;
use terminal::line;
use terminal::verdict::Verdict;

use crate::global::Global;

/// How a service is told which message it may take out.
const VARIABLE: &str = "MURMUR_DROP_FOREIGN";

/// Starts for which that holds: more than one, should the broker go away meanwhile. It allows one message
/// only, and nothing once that is gone.
const STARTS: u32 = 3;

/// What somebody else wrote, and what came of it.
pub(super) struct Damage {
    /// What is in the stream now.
    pub(super) intrusion: Option<Intrusion>,
    /// What was decided on it, and on what was taken out before.
    pub(super) decisions: Decisions,
}

/// Looks at what the service was fenced for, or else at what the comparison has shown.
pub(super) async fn examine(
    stores: &Stores<'_>,
    plan: &Plan,
    fence: Option<&ServiceReport>,
) -> anyhow::Result<Damage> {
    let first = fence.and_then(|fence| fence.foreign_message).or_else(|| foreign_in(plan));
    let intrusion = match first {
        Some(first) => Some(stores.intrusion(first).await?),
        None => None,
    };
    let intrusion = intrusion.filter(|intrusion| !intrusion.messages.is_empty());
    let taken_out = stores.taken_out()?;
    let mut decisions = Decisions::default();
    if let Some(intrusion) = &intrusion {
        let ids = intrusion.ids();
        decisions = stores.decisions(std::slice::from_ref(&intrusion.rows), Some(&ids))?;
    }
    if !taken_out.is_empty() {
        // What those messages were about is not known any more.
        let before = stores.decisions(&taken_out, None)?;
        decisions.known.extend(before.known);
        decisions.unknown = before.unknown;
    }
    Ok(Damage { intrusion, decisions })
}

/// Has the owner publish its stream anew without the foreign messages, and waits until all is in two places.
pub(super) async fn drop_from(
    global: &Global,
    running: &RunFile,
    stores: &Stores<'_>,
    damage: &Damage,
) -> anyhow::Result<Verdict> {
    let found = damage.intrusion.as_ref();
    let Some((intrusion, first)) = found.and_then(|found| Some((found, found.first()?))) else {
        return Ok(Verdict::Clean);
    };
    let permit = Permit::try_take(&running.data)?;
    let permit = permit.context("another command is taking a store away: try again")?;
    let kept = keep(running, stores.service, intrusion)?;
    restart_dropping(running, stores.service, first).await?;
    drop(permit);
    conclude(global, stores.service, first, damage, &kept);
    Ok(Verdict::Clean)
}

const fn foreign_in(plan: &Plan) -> Option<u64> {
    match plan {
        Plan::Refuse(Refusal::Forged { message, .. } | Refusal::Foreign { message, .. }) => {
            Some(*message)
        }
        Plan::Nothing | Plan::Discard { .. } | Plan::Refuse(_) => None,
    }
}

async fn restart_dropping(
    running: &RunFile,
    service: Service,
    first: Position,
) -> anyhow::Result<()> {
    let (supervisor, process) = (SupervisorClient::of(running), Process::Service(service));
    let environment = BTreeMap::from([(VARIABLE.to_owned(), first.to_string())]);
    let arming = Arming { starts: STARTS, environment, ..Arming::default() };
    // Started again also if what follows fails, or is interrupted.
    let stopped = supervisor.lease(Act::Stop, process).await?;
    supervisor.wait_for(process, State::Stopped).await?;
    supervisor.arm(process, arming).await?;
    supervisor.act(Act::Start, process).await?;
    if let Some(stopped) = stopped {
        stopped.forget();
    }
    let went = readiness::redundant(running, process).await;
    supervisor.arm(process, Arming::default()).await?;
    went
}

/// Writes the messages down, for whoever looks for who wrote them.
fn keep(running: &RunFile, service: Service, intrusion: &Intrusion) -> anyhow::Result<PathBuf> {
    let name = format!("{service}.foreign-{}.jsonl", runtime::handle::now().micros());
    let path = running.data.join(name);
    let write = || {
        let mut file = File::options().create_new(true).write(true).mode(0o600).open(&path)?;
        for message in &intrusion.messages {
            writeln!(file, "{}", as_json(message))?;
        }
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// A message, whole.
fn as_json(message: &Row) -> Value {
    let Row { sequence, subject, headers, payload, chain } = message;
    let chain = chain.to_string();
    let payload = match std::str::from_utf8(payload) {
        Ok(text) => json!(text),
        Err(_) => json!(payload.to_vec()),
    };
    json!({
        "message": sequence, "subject": subject, "headers": headers, "chain": chain,
        "payload": payload,
    })
}

fn conclude(global: &Global, service: Service, first: Position, damage: &Damage, kept: &Path) {
    let count = damage.decisions.known.len();
    if global.json {
        line!(
            "{}",
            json!({
                "done": "heal", "service": service, "dropped_from": first.sequence, "kept": kept,
                "decisions": count,
            })
        );
        return;
    }
    line!(
        "{service} has published its stream anew without them; they are kept in {}",
        kept.display()
    );
    if count > 0 {
        line!(
            "What was decided on them stays: the {count} rows above have to be made good by people."
        );
    }
}
