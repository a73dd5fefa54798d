//! One scenario's world: fresh ids for its names, and clients that carry its consistency token.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, bail};
use client::consistency_token::ConsistencyToken;
use client::http::{Answer, Call, Client};
use client::process::Process;
use client::run_file::RunFile;
use client::wait::Deadline;
use contracts::OrderId;
use hyper::StatusCode;
use protocol::{Id, Service};
use supervisor::protocol::{Act, State};
use supervisor::redundancy::{self, Loss};
use supervisor::supervisor_client::SupervisorClient;
use terminal::cleanup::Cleanup;

/// How long a command is sent again, while its service is away.
const SENT_AGAIN_WITHIN: Duration = Duration::from_secs(20);

/// Pause before it is.
const SENT_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// How long the last of what a scenario disturbed may take to be in two places again.
const REDUNDANT_WITHIN: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct World {
    running: RunFile,
    supervisor: SupervisorClient,
    client: Client,
    /// What makes the ids of this run of this scenario its own.
    suffix: String,
    orders: BTreeMap<String, Vec<OrderId>>,
    seen: ConsistencyToken,
    commands: u32,
    /// What this scenario stopped or froze.
    down: BTreeMap<Process, Cleanup>,
    /// What it did anything to.
    disturbed: BTreeSet<Process>,
}

impl World {
    /// An empty world on a running system.
    pub fn new(running: &RunFile, suffix: String) -> Self {
        Self {
            running: running.clone(),
            supervisor: SupervisorClient::of(running),
            client: running.client(),
            suffix,
            orders: BTreeMap::new(),
            seen: ConsistencyToken::default(),
            commands: 0,
            down: BTreeMap::new(),
            disturbed: BTreeSet::new(),
        }
    }

    /// The id of a customer or a product of this name.
    pub fn id_of(&self, name: &str) -> anyhow::Result<Id> {
        let id = format!("{name}-{}", self.suffix);
        id.parse().with_context(|| format!("{name:?} cannot be a name in a scenario"))
    }

    /// Fresh ids for so many orders of this name.
    pub fn new_orders(&mut self, name: &str, how_many: u32) -> anyhow::Result<Vec<OrderId>> {
        let id = |nth| match how_many {
            1 => self.id_of(name),
            _ => self.id_of(&format!("{name}-{nth}")),
        };
        let ids = (1..=how_many).map(|nth| id(nth).map(OrderId::from));
        let ids = ids.collect::<anyhow::Result<Vec<_>>>()?;
        if self.orders.insert(name.to_owned(), ids.clone()).is_some() {
            bail!("two steps place an order {name}: give them different names");
        }
        Ok(ids)
    }

    /// The ids of the orders of this name.
    pub fn orders(&self, name: &str) -> anyhow::Result<Vec<OrderId>> {
        let ids = self.orders.get(name).cloned();
        ids.with_context(|| format!("no step before this one places an order {name}"))
    }

    pub fn all_orders(&self) -> Vec<OrderId> {
        self.orders.values().flatten().cloned().collect()
    }

    /// A key for the next command.
    pub fn next_key(&mut self) -> String {
        self.commands += 1;
        format!("{}-{}", self.suffix, self.commands)
    }

    /// Where a service's API is.
    pub fn url(&self, service: Service) -> anyhow::Result<&str> {
        self.running.url(service)
    }

    /// Where the read model's API is.
    pub fn query(&self) -> anyhow::Result<&str> {
        self.running.query()
    }

    /// Reads something. What is not there is no error.
    pub async fn read(&self, url: String) -> anyhow::Result<Answer> {
        Ok(self.client.send(Call::get(url)).await?)
    }

    /// Sends a command that has to be accepted.
    pub async fn must(&mut self, call: Call) -> anyhow::Result<()> {
        let key = self.next_key();
        let url = call.url().to_owned();
        let answer = self.send(call.once_in(key)).await?;
        if !answer.status.is_success() {
            bail!("{url} answered {}: {}", answer.status, answer.reason());
        }
        Ok(())
    }

    /// Sends a command until its service answers. It must carry an idempotency key.
    pub async fn send(&mut self, call: Call) -> anyhow::Result<Answer> {
        let answer = send_until_answered(&self.client, self.prepared(call)).await?;
        self.note_token(&answer);
        Ok(answer)
    }

    /// The call, with everything that this world has seen.
    pub fn prepared(&self, call: Call) -> Call {
        call.after(&self.seen.to_string())
    }

    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Remembers what an answer says was seen.
    pub fn note_token(&mut self, answer: &Answer) {
        self.seen.note(answer.token().unwrap_or_default());
    }

    /// Does something to a process. What is stopped or frozen is so for as long as this command lives.
    pub async fn act(&mut self, act: Act, process: Process) -> anyhow::Result<()> {
        self.disturbed.insert(process);
        match act {
            Act::Stop | Act::Halt | Act::Pause => self.take_down(act, process).await,
            Act::Kill => {
                self.runs(process).await?;
                self.supervisor.act(act, process).await
            }
            Act::Start => {
                self.supervisor.act(act, process).await?;
                if let Some(down) = self.down.remove(&process) {
                    down.forget();
                }
                self.supervisor.wait_for(process, State::Ready).await
            }
        }
    }

    async fn take_down(&mut self, act: Act, process: Process) -> anyhow::Result<()> {
        if let Some(down) = self.supervisor.lease(act, process).await?
            && let Some(before) = self.down.insert(process, down)
        {
            before.forget();
        }
        if act == Act::Pause {
            return Ok(());
        }
        self.supervisor.wait_for(process, State::Stopped).await
    }

    /// Waits until a process runs: what was just killed has to be back before it dies again.
    async fn runs(&self, process: Process) -> anyhow::Result<()> {
        let reports = self.supervisor.report().await?;
        let report = reports.into_iter().find(|report| report.process == process);
        if report.is_some_and(|report| report.state == State::Waiting) {
            self.supervisor.wait_for(process, State::Ready).await?;
        }
        Ok(())
    }

    /// Starts and thaws everything that this scenario stopped or froze, and waits for it and for what it
    /// killed, until all is in two places again: whoever comes next may take a store away.
    pub async fn leave_in_order(&mut self) -> anyhow::Result<()> {
        for down in std::mem::take(&mut self.down).into_values() {
            down.run().await?;
        }
        for process in std::mem::take(&mut self.disturbed) {
            self.supervisor.wait_for(process, State::Ready).await?;
            if let Some(loss) = Loss::of(process) {
                drop(redundancy::wait(&self.running, loss, REDUNDANT_WITHIN, |_| {}).await?);
            }
        }
        Ok(())
    }
}

/// Sends a command again, under the same key, as long as its service is away or asks to wait.
pub async fn send_until_answered(client: &Client, call: Call) -> anyhow::Result<Answer> {
    let deadline = Deadline::from(SENT_AGAIN_WITHIN).every(SENT_AGAIN_AFTER);
    loop {
        let answer = client.send(call.clone()).await;
        let away = match &answer {
            Ok(answer) => is_to_be_sent_again(answer.status),
            Err(_) => true,
        };
        if !away || !deadline.allows_another_look().await {
            return Ok(answer?);
        }
    }
}

fn is_to_be_sent_again(status: StatusCode) -> bool {
    matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}
