//! The clients: they ask, wait, ask again with the same key, and remember what they were told.

pub(crate) mod workload;

use std::collections::BTreeMap;

use engine::promise::Durability;
use protocol::Chain;

use crate::agenda::{MILLISECOND, SECOND, What};
use crate::env::{Answer, Env, Response};
use crate::fault::Fault;
use crate::process::Pid;
use crate::services::Ask;

/// Which attempt at which request: never used twice in one world.
pub(crate) type Attempt = u64;

/// How long a client waits for an answer.
const PATIENCE: u64 = 12 * SECOND;

/// How often a client asks at most.
const TRIES_MAX: u32 = 12;

/// Something that a client does.
#[derive(Debug)]
pub(crate) enum ClientStep {
    /// Sends a request.
    Send(usize),
    /// Hears an answer.
    Hear(Answer),
    /// Waits no longer.
    GiveUp(Attempt),
    /// Hears no more of a process that is gone.
    Lose(Pid),
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer came.
    Answered(Response, Durability),
    /// No answer came: one effect or none.
    Unknown,
}

/// What became of an attempt, and which it was.
#[derive(Clone, Debug)]
pub(crate) struct Attempted {
    /// 1 for the first. Attempts that are made at once have the same number.
    pub(crate) attempt: u32,
    /// What became of it.
    pub(crate) outcome: Outcome,
}

/// One request, with all attempts at it.
#[derive(Debug)]
pub(crate) struct Request {
    /// What is asked.
    pub(crate) ask: Ask,
    /// Whether the client asks again when it is refused: what it needs may not be known there yet.
    pub(crate) insists: bool,
    /// Another request's key is used: it must be told that.
    pub(crate) reuses_key: bool,
    /// What became of each attempt, in the order in which that was known.
    pub(crate) outcomes: Vec<Attempted>,
    tries: u32,
    at_once: u64,
    resolved: bool,
    repeats: u32,
}

/// All requests.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    /// The requests, in the order in which they were made up.
    pub(crate) requests: Vec<Request>,
    waiting: BTreeMap<Attempt, Waiting>,
    attempts: Attempt,
}

/// A client that waits for an answer.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    request: usize,
    attempt: u32,
    pid: Pid,
}

impl Request {
    pub(crate) const fn new(ask: Ask) -> Self {
        Self {
            ask,
            insists: false,
            reuses_key: false,
            outcomes: Vec::new(),
            tries: 0,
            at_once: 1,
            resolved: false,
            repeats: 0,
        }
    }

    /// What was accepted, if a client was told so: the row, its chain, and where it is kept.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = (u64, Chain, Durability)> {
        self.outcomes.iter().filter_map(|attempted| match &attempted.outcome {
            Outcome::Answered(Response::Accepted { sequence, chain, .. }, durability) => {
                Some((*sequence, *chain, *durability))
            }
            Outcome::Answered(..) | Outcome::Unknown => None,
        })
    }

    /// Whether an effect is possible that no client was told of.
    pub(crate) fn is_open(&self) -> bool {
        self.outcomes.iter().any(|attempted| match &attempted.outcome {
            Outcome::Unknown => true,
            Outcome::Answered(response, durability) => {
                *durability == Durability::Local && matches!(response, Response::Accepted { .. })
            }
        })
    }
}

impl Clients {
    /// Makes up a request and sends it at the moment `at`.
    pub(crate) fn plan(&mut self, env: &mut Env, at: u64, request: Request) -> usize {
        let number = self.requests.len();
        self.requests.push(request);
        env.agenda.put(at, What::Client(ClientStep::Send(number)));
        number
    }

    /// Whether all requests are answered or given up.
    pub(crate) fn are_done(&self) -> bool {
        self.waiting.is_empty() && self.requests.iter().all(|request| request.resolved)
    }

    /// The attempts that a client makes now: mostly one.
    pub(crate) fn begin(&mut self, number: usize) -> Option<(Ask, u64)> {
        let request = self.requests.get_mut(number)?;
        request.tries += 1;
        let at_once = if request.tries == 1 { request.at_once } else { 1 };
        Some((request.ask.clone(), at_once))
    }

    /// The name of a new attempt.
    pub(crate) const fn next_attempt(&mut self) -> Attempt {
        self.attempts += 1;
        self.attempts
    }

    /// A process has taken the attempt: its client waits.
    pub(crate) fn wait(&mut self, env: &mut Env, number: usize, attempt: Attempt, pid: Pid) {
        let attempted = self.requests.get(number).map_or(1, |request| request.tries);
        self.waiting.insert(attempt, Waiting { request: number, attempt: attempted, pid });
        env.agenda.put(env.now + PATIENCE, What::Client(ClientStep::GiveUp(attempt)));
    }

    /// No process was there, or it took nothing.
    pub(crate) fn turned_away(&mut self, env: &mut Env, number: usize, response: Response) {
        let attempt = self.requests.get(number).map_or(1, |request| request.tries);
        let outcome = Outcome::Answered(response, Durability::Replicated);
        self.note(env, number, Attempted { attempt, outcome });
    }

    /// An answer came, or the request was turned away at once.
    pub(crate) fn hear(&mut self, env: &mut Env, answer: Answer) {
        let Some(waiting) = self.waiting.remove(&answer.attempt) else { return };
        let outcome = Outcome::Answered(answer.response, answer.durability);
        self.note(env, waiting.request, Attempted { attempt: waiting.attempt, outcome });
    }

    /// The process that an answer comes from, while its client waits for it.
    pub(crate) fn answered_by(&self, answer: &Answer) -> Option<Pid> {
        self.waiting.get(&answer.attempt).map(|waiting| waiting.pid)
    }

    /// The client waits no longer.
    pub(crate) fn give_up(&mut self, env: &mut Env, attempt: Attempt) {
        let Some(waiting) = self.waiting.remove(&attempt) else { return };
        let outcome = Outcome::Unknown;
        self.note(env, waiting.request, Attempted { attempt: waiting.attempt, outcome });
    }

    /// A process is gone, and with it all that its clients waited for.
    pub(crate) fn lose(&mut self, env: &mut Env, pid: Pid) {
        let of_pid = self.waiting.iter().filter(|(_, waiting)| waiting.pid == pid);
        let lost: Vec<Attempt> = of_pid.map(|(attempt, _)| *attempt).collect();
        for attempt in lost {
            self.give_up(env, attempt);
        }
    }

    /// Notes what became of an attempt, and goes on from there.
    fn note(&mut self, env: &mut Env, number: usize, attempted: Attempted) {
        let Some(request) = self.requests.get_mut(number) else { return };
        let outcome = &attempted.outcome;
        let (again, repeated) = request.judge(outcome);
        env.story.record(env.now, "client", || {
            format!("request {number} {:?}: {outcome:?}", request.ask.key)
        });
        if repeated {
            env.tally.fire(Fault::KeyRepeated);
        }
        if matches!(outcome, Outcome::Answered(Response::KeyReused, _)) && request.reuses_key {
            env.tally.fire(Fault::KeyReused);
        }
        request.outcomes.push(attempted);
        if again {
            let wait = env.random.between(100, 900) * MILLISECOND;
            env.agenda.put(env.now + wait, What::Client(ClientStep::Send(number)));
        } else {
            request.resolved = true;
            self.after(env, number);
        }
    }

    /// What clients do once they were answered: some ask again, some use the key for something else.
    fn after(&mut self, env: &mut Env, number: usize) {
        let Some(request) = self.requests.get_mut(number) else { return };
        let keyed = request.ask.key.is_some() && !request.reuses_key;
        let accepted = request.accepted().next().is_some();
        if !keyed || !accepted || request.repeats > 0 {
            return;
        }
        request.repeats += 1;
        let wait = env.random.between(1, 3_000) * MILLISECOND;
        if env.random.chance(10) {
            env.tally.plan(Fault::KeyRepeated);
            request.resolved = false;
            env.agenda.put(env.now + wait, What::Client(ClientStep::Send(number)));
        } else if env.random.chance(6) {
            let Some(what) = workload::something_else(&request.ask.what) else { return };
            env.tally.plan(Fault::KeyReused);
            let ask = Ask { what, ..request.ask.clone() };
            let other = Request { reuses_key: true, ..Request::new(ask) };
            self.plan(env, env.now + wait, other);
        }
    }
}

impl Request {
    /// Whether to ask again, and whether this was the answer to a repeated request.
    fn judge(&self, outcome: &Outcome) -> (bool, bool) {
        let may_ask_again = self.tries < TRIES_MAX;
        let keyed = self.ask.key.is_some();
        match outcome {
            Outcome::Unknown => (keyed && may_ask_again, false),
            Outcome::Answered(Response::Unavailable, _) => (may_ask_again, false),
            Outcome::Answered(Response::Refused, _) => (self.insists && may_ask_again, false),
            Outcome::Answered(Response::Accepted { repeated, .. }, durability) => {
                let useless = self.ask.requires_replicated && *durability == Durability::Local;
                (useless && keyed && may_ask_again, *repeated)
            }
            Outcome::Answered(
                Response::Unchanged | Response::KeyReused | Response::Failed(_),
                _,
            ) => (false, false),
        }
    }

    /// Sends so many attempts at once at first.
    pub(crate) const fn at_once(mut self, attempts: u64) -> Self {
        self.at_once = attempts;
        self
    }
}
