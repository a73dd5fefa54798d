//! What was heard of the processes, and what silence means.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::service;
use protocol::choreography::Declared;
use protocol::heartbeat::{Heartbeat, ProcessState, QUERY};
use protocol::{Service, Timestamp};
use tokio::time::Instant;

use super::{BrokerAnswer, BrokerState, ProcessAnswer, Processes, Seen};

/// So long a process may be silent: five heartbeats, so that a busy machine makes none seem down.
pub const SILENCE_MAX: Duration = Duration::from_secs(5);

/// So long this process may not hear itself. Less than the others' silence: a broker that hangs must
/// not make them seem down.
const ECHO_MAX: Duration = Duration::from_secs(3);

/// By so much others may have spoken before this process heard itself, and still be taken at their word.
const BEFORE_ECHO: Duration = Duration::from_secs(1);

/// So many services beside the shop's are known: whoever may speak must not fill the memory with names.
const NEWCOMERS_MAX: usize = 32;

#[derive(Debug, Default)]
pub struct Observed {
    own_instance: String,
    echo: Option<Instant>,
    /// Since when nothing that was said can have been missed.
    hears_since: Option<Instant>,
    broker: BrokerAnswer,
    heard: BTreeMap<Service, Heard>,
}

/// The last heartbeat of one process.
#[derive(Debug)]
struct Heard {
    beat: Heartbeat,
    when: Instant,
    at: Timestamp,
}

impl Observed {
    /// From now on; what this process says of itself names this instance.
    pub fn begin(&mut self, own_instance: &str, at: Timestamp) {
        own_instance.clone_into(&mut self.own_instance);
        self.broker.since = at;
    }

    /// Takes what was heard.
    pub fn hear(&mut self, beat: Heartbeat, when: Instant, at: Timestamp) {
        if beat.process == QUERY {
            if beat.instance == self.own_instance {
                self.hear_echo(when, at);
            }
            return;
        }
        let Ok(service) = beat.process.parse::<Service>() else { return };
        let known = self.heard.get(&service);
        let is_one_too_many = is_newcomer(&service) && self.newcomers().count() >= NEWCOMERS_MAX;
        if known.is_none() && is_one_too_many {
            return;
        }
        if known.is_none_or(|known| known.gives_way_to(&beat, when)) {
            self.heard.insert(service, Heard { beat, when, at });
        }
    }

    /// Looks whether the broker still carries what is said.
    pub fn look(&mut self, connected: bool, when: Instant, at: Timestamp) {
        self.echo = self.echo.filter(|_| connected);
        if self.broker.state == BrokerState::Connected && !self.hears(when) {
            self.hears_since = None;
            self.broker = BrokerAnswer { state: BrokerState::Away, since: at };
        }
    }

    /// How everything is.
    #[must_use]
    pub fn view(&self, when: Instant) -> Processes {
        let all = service::ALL.into_iter().chain(self.newcomers());
        let services = all.map(|service| self.process(service, when)).collect();
        Processes { broker: self.broker.clone(), services }
    }

    fn newcomers(&self) -> impl Iterator<Item = Service> {
        self.heard.keys().copied().filter(is_newcomer)
    }

    fn hear_echo(&mut self, when: Instant, at: Timestamp) {
        // After a gap, others may have spoken unheard.
        if !self.hears(when) || self.hears_since.is_none() {
            self.hears_since = Some(when);
        }
        self.echo = Some(when);
        if self.broker.state == BrokerState::Away {
            self.broker = BrokerAnswer { state: BrokerState::Connected, since: at };
        }
    }

    fn hears(&self, when: Instant) -> bool {
        self.echo.is_some_and(|echo| when.saturating_duration_since(echo) <= ECHO_MAX)
    }

    fn process(&self, service: Service, when: Instant) -> ProcessAnswer {
        let heard = self.heard.get(&service);
        let said = heard.map(|heard| heard.beat.state);
        let stopped = said == Some(ProcessState::Stopped);
        let Some(hears_since) = self.hears_since.filter(|_| self.hears(when)) else {
            return self.unknown(service, heard);
        };
        let silent_since = heard.map_or(hears_since, |heard| heard.when.max(hears_since));
        let silent = when.saturating_duration_since(silent_since) > SILENCE_MAX;
        match heard {
            Some(heard) if stopped || !silent && heard.when + BEFORE_ECHO >= hears_since => {
                heard.by_its_word(service)
            }
            _ if silent => down(service, heard),
            _ => self.unknown(service, heard),
        }
    }

    fn unknown(&self, service: Service, heard: Option<&Heard>) -> ProcessAnswer {
        let since = Some(self.broker.since);
        ProcessAnswer { since, ..unheard(service, Seen::Unknown, heard) }
    }
}

impl Heard {
    /// A process that is thawed must not speak for the one that was started in its place.
    fn gives_way_to(&self, beat: &Heartbeat, when: Instant) -> bool {
        let over = self.beat.state == ProcessState::Stopped
            || when.saturating_duration_since(self.when) > SILENCE_MAX;
        beat.instance == self.beat.instance || beat.started_at >= self.beat.started_at || over
    }

    fn declared(&self) -> Option<Declared> {
        self.beat.declared.clone()
    }

    fn by_its_word(&self, service: Service) -> ProcessAnswer {
        let Heartbeat { since, reason, choices, held, .. } = self.beat.clone();
        let state = match self.beat.state {
            ProcessState::Starting => Seen::Starting,
            ProcessState::Ready => Seen::Ready,
            ProcessState::Unready => Seen::Unready,
            ProcessState::Disconnected => Seen::Disconnected,
            ProcessState::Fenced => Seen::Fenced,
            ProcessState::Stopping => Seen::Stopping,
            ProcessState::Stopped => Seen::Stopped,
            ProcessState::Unknown => Seen::Unknown,
        };
        let unheard = unheard(service, state, Some(self));
        ProcessAnswer { since: Some(since), reason, choices, held, last_said: None, ..unheard }
    }
}

/// Whether it takes part beside the shop's services: it is known by its own word alone.
fn is_newcomer(service: &Service) -> bool {
    !service::ALL.contains(service)
}

fn down(service: Service, heard: Option<&Heard>) -> ProcessAnswer {
    let reason = "nothing is heard of it: it has died, hangs, or is cut off from the broker";
    ProcessAnswer { reason: Some(reason.to_owned()), ..unheard(service, Seen::Down, heard) }
}

fn unheard(service: Service, state: Seen, heard: Option<&Heard>) -> ProcessAnswer {
    ProcessAnswer {
        service,
        state,
        since: heard.map(|heard| heard.at),
        reason: None,
        choices: Vec::new(),
        held: Vec::new(),
        last_said: heard.map(|heard| heard.beat.state),
        started_at: heard.map(|heard| heard.beat.started_at),
        head: heard.and_then(|heard| heard.beat.head),
        acknowledged: heard.and_then(|heard| heard.beat.acknowledged),
        redundant: heard.and_then(|heard| heard.beat.redundant),
        redundant_reason: heard.and_then(|heard| heard.beat.redundant_reason.clone()),
        declared: heard.filter(|_| is_newcomer(&service)).and_then(Heard::declared),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Story {
        observed: Observed,
        begun: Instant,
    }

    impl Story {
        fn begin() -> Self {
            let mut observed = Observed::default();
            observed.begin("own", Timestamp::default());
            Self { observed, begun: Instant::now() }
        }

        fn after(&self, seconds: u64) -> (Instant, Timestamp) {
            let at = Timestamp::from_micros(i64::try_from(seconds * 1_000_000).unwrap());
            (self.begun + Duration::from_secs(seconds), at)
        }

        fn hear(&mut self, seconds: u64, process: &str, instance: &str, state: ProcessState) {
            let (when, at) = self.after(seconds);
            let beat = Heartbeat {
                process: process.to_owned(),
                instance: instance.to_owned(),
                started_at: at,
                at,
                state,
                since: at,
                reason: None,
                choices: Vec::new(),
                head: Some(7),
                acknowledged: Some(7),
                redundant: Some(true),
                redundant_reason: None,
                held: Vec::new(),
                declared: None,
            };
            self.observed.hear(beat, when, at);
        }

        /// The broker carries what is said in these seconds.
        fn echo(&mut self, seconds: std::ops::RangeInclusive<u64>) {
            for second in seconds {
                self.hear(second, QUERY, "own", ProcessState::Ready);
            }
        }

        fn payment(&mut self, seconds: u64) -> (Seen, Option<i64>) {
            let (when, at) = self.after(seconds);
            self.observed.look(true, when, at);
            let view = self.observed.view(when);
            let payment = view.services.into_iter().find(|one| one.service == service::PAYMENT);
            let payment = payment.unwrap();
            (payment.state, payment.since.map(|since| since.micros() / 1_000_000))
        }
    }

    #[test]
    fn a_process_is_what_it_says_until_it_is_silent_for_too_long() {
        let mut story = Story::begin();
        story.echo(0..=10);
        story.hear(2, "payment", "a", ProcessState::Ready);
        assert_eq!(story.payment(7), (Seen::Ready, Some(2)));
        assert_eq!(story.payment(8), (Seen::Down, Some(2)));
        story.hear(9, "payment", "b", ProcessState::Fenced);
        assert_eq!(story.payment(10), (Seen::Fenced, Some(9)));
    }

    #[test]
    fn one_that_was_never_heard_is_unknown_first_and_then_down() {
        let mut story = Story::begin();
        story.echo(0..=6);
        assert_eq!(story.payment(5).0, Seen::Unknown);
        assert_eq!(story.payment(6), (Seen::Down, None));
    }

    #[test]
    fn one_that_has_stopped_in_good_order_stays_stopped() {
        let mut story = Story::begin();
        story.echo(0..=100);
        story.hear(1, "payment", "a", ProcessState::Stopped);
        assert_eq!(story.payment(100), (Seen::Stopped, Some(1)));
    }

    #[test]
    fn a_broker_that_hangs_makes_all_unknown_and_nobody_down() {
        let mut story = Story::begin();
        story.echo(0..=2);
        story.hear(2, "payment", "a", ProcessState::Ready);
        assert_eq!(story.payment(6), (Seen::Unknown, Some(6)));
        assert_eq!(story.payment(60), (Seen::Unknown, Some(6)));
        // Back, it takes as long again until silence says anything.
        story.echo(61..=67);
        assert_eq!(story.payment(66).0, Seen::Unknown);
        assert_eq!(story.payment(67), (Seen::Down, Some(2)));
    }

    #[test]
    fn a_broker_that_is_gone_is_told_at_once() {
        let mut story = Story::begin();
        story.echo(0..=2);
        story.hear(2, "payment", "a", ProcessState::Ready);
        let (when, at) = story.after(2);
        story.observed.look(false, when, at);
        let view = story.observed.view(when);
        assert_eq!(view.broker.state, BrokerState::Away);
        assert!(view.services.iter().all(|one| one.state == Seen::Unknown));
        let said = view.services.into_iter().find_map(|one| one.last_said);
        assert_eq!(said, Some(ProcessState::Ready));
    }

    #[test]
    fn one_beside_the_shop_is_there_once_it_was_heard() {
        let mut story = Story::begin();
        story.echo(0..=9);
        let named = |story: &Story| -> Vec<_> {
            let view = story.observed.view(story.after(9).0);
            view.services.into_iter().map(|one| one.service.to_string()).collect()
        };
        assert_eq!(named(&story).len(), service::ALL.len());
        for nth in 0..2 * NEWCOMERS_MAX {
            story.hear(9, &format!("newcomer-{nth:02}"), "a", ProcessState::Ready);
        }
        let all = named(&story);
        assert_eq!(all[service::ALL.len()], "newcomer-00");
        assert_eq!(all.len(), service::ALL.len() + NEWCOMERS_MAX);
    }

    #[test]
    fn one_that_is_thawed_does_not_speak_for_the_one_in_its_place() {
        let mut story = Story::begin();
        story.echo(0..=9);
        story.hear(2, "payment", "new", ProcessState::Ready);
        let (when, at) = story.after(3);
        let mut old = story.observed.heard[&service::PAYMENT].beat.clone();
        (old.instance, old.state) = ("old".to_owned(), ProcessState::Stopping);
        old.started_at = Timestamp::from_micros(-1);
        story.observed.hear(old, when, at);
        assert_eq!(story.payment(4).0, Seen::Ready);
    }
}
