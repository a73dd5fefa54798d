//! The supervised processes: carries out what their lifecycles ask for, and tells these what came of
//! it.
//!
//! What cannot be done is shown; it never ends the supervisor.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use client::http::Client;
use client::passwords::Passwords;
use client::process::Process;
use client::redis::Redis;
use client::run_file;
use runtime::tls::Authorities;
use tokio::process::Child as Running;
use tokio::sync::mpsc;

use crate::child::{self, Child, Death};
use crate::command_line::CommandLine;
use crate::data_folder::DataFolder;
use crate::lifecycle::{Effect, Lifecycle, Signal};
use crate::page;
use crate::plan::Plan;
use crate::probe::{self, Asked};
use crate::process_list::ProcessList;
use crate::progress_view::ProgressView;
use crate::protocol::{Arming, Report, State};

/// What the tasks beside the loop report. The number says which incarnation it is about.
#[derive(Debug)]
pub(crate) enum News {
    /// The process ended, in this way.
    Ended(Process, u32, Death),
    /// The process was asked whether it is ready.
    Probed(Process, u32, Result<(), String>),
    /// Something that is to be said.
    Said(String),
}

#[derive(Debug)]
pub(crate) struct Members {
    folder: DataFolder,
    plan: Plan,
    run_file: run_file::RunFile,
    members: BTreeMap<Process, Member>,
    view: ProgressView,
    list: ProcessList,
    asked: Asked,
    news: mpsc::Sender<News>,
}

#[derive(Debug)]
struct Member {
    life: Lifecycle,
    child: Option<Child>,
    arming: Arming,
}

impl Member {
    fn new(stop_within: Duration) -> Self {
        Self { life: Lifecycle::new(stop_within), child: None, arming: Arming::default() }
    }

    /// Adds what an arming asks for, as long as it lasts.
    fn arm(&mut self, line: &mut CommandLine) {
        if self.arming.starts == 0 {
            return;
        }
        self.arming.starts -= 1;
        line.environment.extend(self.arming.environment.clone());
        line.arguments.extend(self.arming.arguments.iter().map(Into::into));
    }
}

impl Members {
    /// The processes of a plan, not started yet.
    pub(crate) fn new(
        folder: DataFolder,
        plan: Plan,
        redis_keys: &Passwords,
        view: ProgressView,
        news: mpsc::Sender<News>,
    ) -> anyhow::Result<Self> {
        let tls_ca = plan.tls().map(|tls| tls.authority.as_path());
        let authorities = Authorities::named(tls_ca)?;
        let redis = Redis::at(&plan.address(Process::Redis), Some(redis_keys), &authorities)?;
        let client = Client::answering_within(probe::ANSWER_WITHIN).believing(&authorities);
        let member = |process: &Process| (*process, Member::new(plan.stop_within(*process)));
        let mut run_file = run_file::RunFile::new(
            folder.path().to_owned(),
            plan.ports(),
            plan.redis_elsewhere(),
            tls_ca,
        );
        run_file.newcomers = folder.newcomers().keys().copied().collect();
        run_file.down_within = plan.down_within();
        run_file.save()?;
        Ok(Self {
            run_file,
            list: ProcessList::in_folder(folder.path()),
            members: plan.ports().keys().map(member).collect(),
            folder,
            plan,
            view,
            asked: Asked { client, redis },
            news,
        })
    }

    /// All of them, in order.
    pub(crate) fn all(&self) -> Vec<Process> {
        self.members.keys().copied().collect()
    }

    /// Lets a lifecycle do something; `None` if there is no such process.
    pub(crate) fn with<T>(
        &mut self,
        process: Process,
        act: impl FnOnce(&mut Lifecycle, Instant) -> T,
    ) -> Option<T> {
        self.members.get_mut(&process).map(|member| act(&mut member.life, Instant::now()))
    }

    /// Makes the next starts of a process differ; whether there is such a process.
    pub(crate) fn arm(&mut self, process: Process, arming: Arming) -> bool {
        self.members.get_mut(&process).map(|member| member.arming = arming).is_some()
    }

    /// Does what a lifecycle asks for.
    pub(crate) fn carry_out(&mut self, process: Process, effects: Vec<Effect>) {
        for effect in effects {
            let done = match effect {
                Effect::Spawn => self.spawn(process),
                Effect::Wipe => self.folder.wipe(process),
                Effect::Signal(signal) => self.signal(process, signal),
                Effect::Probe => {
                    self.probe(process);
                    Ok(())
                }
            };
            self.say_if_failed(process, done);
        }
    }

    pub(crate) fn has_ended(&mut self, process: Process, incarnation: u32, death: Death) {
        if self.incarnation(process) != incarnation {
            return;
        }
        if let Some(member) = self.members.get_mut(&process) {
            member.child = None;
            let (how, now) = (death.how, Instant::now());
            let effects = if death.is_misconfigured {
                member.life.gave_up(how, now)
            } else {
                member.life.ended(how, now)
            };
            self.carry_out(process, effects);
        }
    }

    /// An incarnation was asked whether it is ready.
    pub(crate) fn has_answered(
        &mut self,
        process: Process,
        incarnation: u32,
        answer: Result<(), String>,
    ) {
        if self.incarnation(process) != incarnation {
            return;
        }
        self.with(process, |life, now| life.probed(answer, now));
        if self.is(process, State::Ready) {
            let kept = self.folder.was_ready(process);
            self.say_if_failed(process, kept);
        }
    }

    /// Whether all of those are in that state.
    pub(crate) fn all_are(&self, state: State, which: impl Fn(Process) -> bool) -> bool {
        let mut those = self.members.keys().copied().filter(|process| which(*process));
        those.all(|process| self.is(process, state))
    }

    /// When the first of them has something to do.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.members.values().filter_map(|member| member.life.poll_timeout()).min()
    }

    /// Sends all of them a signal.
    pub(crate) fn signal_all(&mut self, signal: Signal) {
        for process in self.all() {
            self.carry_out(process, vec![Effect::Signal(signal)]);
        }
    }

    /// The Redis that is started here.
    pub(crate) fn redis(&self) -> Redis {
        self.asked.redis.clone()
    }

    pub(crate) fn reports(&self) -> Vec<Report> {
        let now = Instant::now();
        self.members.iter().map(|(process, member)| self.report(*process, member, now)).collect()
    }

    /// Shows where each stands.
    pub(crate) fn show(&mut self) {
        let reports = self.reports();
        self.view.show(&reports);
        if let Err(error) = self.list.write(&reports, runtime::handle::now()) {
            self.say(&format!("the list of processes is not written: {error}"));
        }
    }

    /// Says something that stays in the view.
    pub(crate) fn say(&self, text: &str) {
        self.view.say(text);
    }

    /// Says that everything is ready, and where to look; asks for the page, and opens it, beside the loop.
    pub(crate) fn announce(&self, after: Duration, open: bool) {
        self.say(&format!("all ready after {after:.1?}"));
        let Ok(query) = self.run_file.query() else { return };
        // What is written to a file may be read by others before anybody has followed it.
        let for_a_person = self.view.is_live();
        if !for_a_person {
            self.say(&format!("page: {query}/"));
        }
        let (news, data) = (self.news.clone(), self.folder.path().to_owned());
        tokio::spawn(async move {
            let said = page_of(&data, for_a_person, open).await;
            for text in said.unwrap_or_else(|error| vec![format!("{error:#}")]) {
                drop(news.send(News::Said(text)).await);
            }
        });
    }

    /// Nothing runs any more.
    pub(crate) fn remove_run_file(&self) -> anyhow::Result<()> {
        self.list.remove();
        self.run_file.remove()
    }

    fn report(&self, process: Process, member: &Member, now: Instant) -> Report {
        let millis = |up: Duration| u64::try_from(up.as_millis()).unwrap_or(u64::MAX);
        Report {
            process,
            pid: member.child.as_ref().map(Child::pid),
            port: self.plan.port(process),
            state: member.life.state(),
            reason: member.life.reason().to_owned(),
            restarts: member.life.starts().saturating_sub(1),
            uptime_ms: member.life.uptime(now).map(millis),
            last_death: member.life.last_death().map(str::to_owned),
        }
    }

    fn spawn(&mut self, process: Process) -> anyhow::Result<()> {
        match self.try_spawn(process) {
            Ok((child, running)) => {
                self.run_file.pids.insert(process, child.pid());
                self.watch(process, running, child.log_from());
                if let Some(member) = self.members.get_mut(&process) {
                    member.life.spawned(Instant::now());
                    member.child = Some(child);
                }
                self.run_file.save()
            }
            Err(error) => {
                let death = Death { how: format!("{error:#}"), is_misconfigured: false };
                self.has_ended(process, self.incarnation(process), death);
                Ok(())
            }
        }
    }

    fn try_spawn(&mut self, process: Process) -> anyhow::Result<(Child, Running)> {
        if process.is_store() {
            std::fs::create_dir_all(self.folder.of(process))?;
        }
        let mut line = self.plan.command_line(process, &self.folder);
        if let Some(member) = self.members.get_mut(&process) {
            member.arm(&mut line);
        }
        Child::spawn(&line, self.folder.path(), &self.folder.log_of(process))
    }

    /// Waits for the end of an incarnation, beside the loop.
    fn watch(&self, process: Process, mut running: Running, log_from: u64) {
        let (news, log) = (self.news.clone(), self.folder.log_of(process));
        let incarnation = self.incarnation(process);
        tokio::spawn(async move {
            let status = running.wait().await;
            let death = child::death(&status, &log, log_from);
            // Without a loop nobody needs to know.
            drop(news.send(News::Ended(process, incarnation, death)).await);
        });
    }

    /// Asks whether it is ready, beside the loop.
    fn probe(&self, process: Process) {
        let (news, asked) = (self.news.clone(), self.asked.clone());
        let (address, incarnation) = (self.plan.address(process), self.incarnation(process));
        tokio::spawn(async move {
            let answer = probe::probe(asked, process, &address).await;
            drop(news.send(News::Probed(process, incarnation, answer)).await);
        });
    }

    fn signal(&self, process: Process, signal: Signal) -> anyhow::Result<()> {
        let child = self.members.get(&process).and_then(|member| member.child.as_ref());
        child.map_or(Ok(()), |child| Ok(child.signal(signal)?))
    }

    fn is(&self, process: Process, state: State) -> bool {
        self.members.get(&process).is_some_and(|member| member.life.state() == state)
    }

    fn incarnation(&self, process: Process) -> u32 {
        self.members.get(&process).map_or(0, |member| member.life.starts())
    }

    fn say_if_failed(&self, process: Process, done: anyhow::Result<()>) {
        if let Err(error) = done {
            self.say(&format!("{process}: {error:#}"));
        }
    }
}

/// What is to be said of the page, which is opened where that was asked for.
async fn page_of(data: &Path, for_a_person: bool, open: bool) -> anyhow::Result<Vec<String>> {
    let (running, mut said) = (run_file::RunFile::load(data)?, Vec::new());
    if for_a_person {
        said.push(format!("page: {}", page::address(&running).await?));
    }
    if open {
        said.extend(page::open_signed_in(&running).await.err());
    }
    Ok(said)
}
