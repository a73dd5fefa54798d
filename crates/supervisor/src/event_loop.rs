//! The supervisor's loop: takes ends, answers, questions and signals in, and has the members do what
//! follows from them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use client::passwords::Passwords;
use client::process::Process;
use terminal::verdict::Misuse;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

use crate::control_socket::Question;
use crate::data_folder::DataFolder;
use crate::lifecycle::{Lifecycle, Signal};
use crate::members::{Members, News};
use crate::plan::Plan;
use crate::probe;
use crate::progress_view::ProgressView;
use crate::protocol::{Act, Arming, Reply, Request, State};

/// How often the view is drawn anew when nothing happens.
const SHOW_EVERY: Duration = Duration::from_secs(1);
/// News that wait for the loop: each process has at most one answer and one end under way.
const NEWS_MAX: usize = 64;

/// Everything that runs, and whether it is to go on.
#[derive(Debug)]
pub(crate) struct EventLoop {
    members: Members,
    begun: Instant,
    /// Whether the page is opened once everything is ready.
    open: bool,
    was_all_ready: bool,
    ending: bool,
    /// Who is down for as long as somebody else's connection lasts, and the numbers of the leases.
    leased: BTreeMap<Process, u64>,
    leases: u64,
    /// Why there was no use in going on.
    misconfigured: Option<String>,
}

impl EventLoop {
    /// Supervises until it is told to end, and then until everything has ended.
    pub(crate) async fn run(
        folder: DataFolder,
        plan: Plan,
        redis_keys: &Passwords,
        view: ProgressView,
        mut questions: mpsc::Receiver<Question>,
        open: bool,
    ) -> anyhow::Result<()> {
        let (news, mut reported) = mpsc::channel(NEWS_MAX);
        let mut this = Self::new(Members::new(folder, plan, redis_keys, view, news)?, open);
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        this.start_all();
        while !this.has_ended() {
            this.show();
            tokio::select! {
                Some(news) = reported.recv() => this.handle_news(news),
                Some((request, reply)) = questions.recv() => this.handle_request(request, reply),
                () = tokio::time::sleep_until(this.next_timeout().into()) => this.handle_timeout(),
                _ = interrupt.recv() => this.end(),
                _ = terminate.recv() => this.end(),
            }
        }
        this.show();
        this.members.remove_run_file()?;
        this.misconfigured.map_or(Ok(()), |why| Err(Misuse(anyhow!(why)).into()))
    }

    fn new(members: Members, open: bool) -> Self {
        Self {
            members,
            open,
            begun: Instant::now(),
            was_all_ready: false,
            ending: false,
            leased: BTreeMap::new(),
            leases: 0,
            misconfigured: None,
        }
    }

    /// All at once: a service waits for the broker by itself.
    fn start_all(&mut self) {
        for process in self.members.all() {
            let started = self.members.with(process, |life, now| life.command(Act::Start, now));
            if let Some(Ok(effects)) = started {
                self.members.carry_out(process, effects);
            }
        }
    }

    fn handle_news(&mut self, news: News) {
        match news {
            News::Ended(process, incarnation, death) => {
                let wrong = death.is_misconfigured.then(|| death.how.clone());
                self.members.has_ended(process, incarnation, death);
                if let Some(how) = wrong {
                    self.gave_up(process, &how);
                }
            }
            News::Probed(process, incarnation, answer) => {
                self.members.has_answered(process, incarnation, answer);
            }
            News::Said(text) => self.members.say(&text),
        }
    }

    fn handle_request(&mut self, request: Request, reply: oneshot::Sender<Reply>) {
        let answer = match request {
            Request::Report => Ok(Reply::Report(self.members.reports())),
            Request::Down => {
                self.end();
                Ok(Reply::Done)
            }
            Request::Act(..)
            | Request::Lease(..)
            | Request::Release(..)
            | Request::Wipe(_)
            | Request::Arm(..)
                if self.ending =>
            {
                Err("everything is being stopped".to_owned())
            }
            Request::Act(act, process) => self.act(act, process).map(|()| Reply::Done),
            Request::Lease(act, process) => self.lease(act, process),
            Request::Release(process, lease) => self.release(process, lease).map(|()| Reply::Done),
            Request::Arm(process, arming) => self.arm(process, arming).map(|()| Reply::Done),
            Request::Wipe(Process::Redis) if self.members.all().contains(&Process::Redis) => {
                return self.flush_redis(reply);
            }
            Request::Wipe(process) => self.wipe(process).map(|()| Reply::Done),
        };
        // A client that has gone needs no answer.
        drop(reply.send(answer.unwrap_or_else(Reply::Refused)));
    }

    fn act(&mut self, act: Act, process: Process) -> Result<(), String> {
        let done = self.members.with(process, |life, now| life.command(act, now));
        let effects = done.ok_or_else(|| left_out(process))?;
        let effects = effects.map_err(|reason| format!("{process}: {reason}"))?;
        self.members.carry_out(process, effects);
        // Whoever held it down before has lost it to somebody who knows better.
        self.leased.remove(&process);
        Ok(())
    }

    /// Does something that is undone when the lease ends, unless the process is down already: then
    /// somebody wants it so.
    fn lease(&mut self, act: Act, process: Process) -> Result<Reply, String> {
        if matches!(act, Act::Kill | Act::Start) {
            return Err(format!("{} cannot be undone", act.name()));
        }
        let is_down = [State::Stopped, State::Paused]
            .into_iter()
            .any(|state| self.members.all_are(state, |member| member == process));
        if is_down {
            return self.act(act, process).map(|()| Reply::Done);
        }
        self.act(act, process)?;
        self.leases += 1;
        self.leased.insert(process, self.leases);
        Ok(Reply::Leased(self.leases))
    }

    fn release(&mut self, process: Process, lease: u64) -> Result<(), String> {
        if self.leased.get(&process) == Some(&lease) {
            self.act(Act::Start, process)
        } else {
            Ok(())
        }
    }

    /// A process says that starting it again changes nothing. Before everything has been ready once,
    /// there is nobody yet who relies on the others.
    fn gave_up(&mut self, process: Process, how: &str) {
        let why = format!("{process} is configured wrongly: {how}");
        self.members.say(&why);
        if !self.was_all_ready && !self.ending {
            self.misconfigured = Some(why);
            self.end();
        }
    }

    fn arm(&mut self, process: Process, arming: Arming) -> Result<(), String> {
        if self.members.arm(process, arming) { Ok(()) } else { Err(left_out(process)) }
    }

    fn wipe(&mut self, process: Process) -> Result<(), String> {
        match process {
            Process::Query => return Err("query keeps nothing of its own: wipe redis".to_owned()),
            Process::Composer => return Err("composer keeps nothing".to_owned()),
            Process::Nats | Process::Redis | Process::Service(_) => {}
        }
        self.leased.remove(&process);
        let wiped = self.members.with(process, Lifecycle::wipe);
        self.members.carry_out(process, wiped.ok_or_else(|| left_out(process))?);
        Ok(())
    }

    fn flush_redis(&self, reply: oneshot::Sender<Reply>) {
        let redis = self.members.redis();
        tokio::spawn(async move {
            let flushed = probe::flush_redis(&redis).await;
            drop(reply.send(flushed.map_or_else(Reply::Refused, |()| Reply::Done)));
        });
    }

    fn handle_timeout(&mut self) {
        for process in self.members.all() {
            let effects = self.members.with(process, Lifecycle::handle_timeout);
            self.members.carry_out(process, effects.unwrap_or_default());
        }
    }

    fn next_timeout(&self) -> Instant {
        let show = Instant::now() + SHOW_EVERY;
        self.members.poll_timeout().map_or(show, |due| due.min(show))
    }

    /// Begins to end; asked a second time, ends at once.
    fn end(&mut self) {
        if self.ending {
            self.members.signal_all(Signal::Kill);
            return;
        }
        self.ending = true;
        self.members.say("stopping");
        // The stores last: a service that drains still needs them.
        self.stop(|process| !process.is_store());
    }

    fn stop(&mut self, which: impl Fn(Process) -> bool) {
        for process in self.members.all().into_iter().filter(|process| which(*process)) {
            let effects = self.members.with(process, Lifecycle::stop);
            self.members.carry_out(process, effects.unwrap_or_default());
        }
    }

    /// Whether the loop is through. Stops the stores as soon as nobody needs them.
    fn has_ended(&mut self) -> bool {
        if !self.ending || !self.members.all_are(State::Stopped, |process| !process.is_store()) {
            return false;
        }
        self.stop(Process::is_store);
        self.members.all_are(State::Stopped, Process::is_store)
    }

    fn show(&mut self) {
        self.members.show();
        if !self.was_all_ready && self.members.all_are(State::Ready, |_| true) {
            self.was_all_ready = true;
            self.members.announce(self.begun.elapsed(), self.open);
        }
    }
}

fn left_out(process: Process) -> String {
    format!("{process} was not started here: `murmur up` left it out")
}
