use super::*;

/// A breaker and a clock of its own.
struct Stage {
    breaker: Breaker,
    now: Instant,
}

impl Stage {
    fn new() -> Self {
        let now = Instant::now();
        Self { breaker: Breaker::new(now), now }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn ask(&mut self) -> Option<Permit> {
        self.breaker.ask(self.now)
    }

    fn record(&mut self, permit: &Permit, verdict: Verdict) {
        self.breaker.record(permit, verdict, self.now);
    }

    fn call(&mut self, verdict: Verdict) {
        let permit = self.ask().expect("a call goes through");
        self.record(&permit, verdict);
    }

    fn open(&mut self) {
        (0..FAILURES_TO_OPEN).for_each(|_| self.call(Verdict::Fails));
        assert_eq!(self.state(), State::Open);
    }

    fn state(&self) -> State {
        self.breaker.view(self.now).state
    }
}

#[test]
fn it_opens_after_failures_in_a_row_and_not_after_as_many_in_between() {
    let mut stage = Stage::new();
    for _ in 0..3 {
        (1..FAILURES_TO_OPEN).for_each(|_| stage.call(Verdict::Fails));
        stage.call(Verdict::Works);
    }
    assert_eq!(stage.state(), State::Closed);
    stage.open();
    assert_eq!(stage.ask(), None);
}

#[test]
fn what_shows_nothing_neither_opens_nor_forgives() {
    let mut stage = Stage::new();
    (1..FAILURES_TO_OPEN).for_each(|_| stage.call(Verdict::Fails));
    (0..100).for_each(|_| stage.call(Verdict::Nothing));
    assert_eq!(stage.state(), State::Closed);
    stage.call(Verdict::Fails);
    assert_eq!(stage.state(), State::Open);
}

#[test]
fn it_says_when_the_next_probe_goes_through() {
    let mut stage = Stage::new();
    stage.open();
    stage.pass(OPEN_FOR_MIN / 5);
    let view = stage.breaker.view(stage.now);
    assert_eq!(view.next_probe_in, Some(OPEN_FOR_MIN / 5 * 4));
    assert_eq!(view.stands_for, OPEN_FOR_MIN / 5);
    assert_eq!(view.failures, FAILURES_TO_OPEN);
    assert_eq!(stage.ask(), None);
    stage.pass(OPEN_FOR_MIN / 5 * 4);
    assert!(stage.ask().is_some());
    assert_eq!(stage.state(), State::HalfOpen);
}

#[test]
fn half_open_it_lets_only_so_many_probes_through_at_once() {
    let mut stage = Stage::new();
    stage.open();
    stage.pass(OPEN_FOR_MIN);
    let probes: Vec<_> = (0..PROBES_MAX).map(|_| stage.ask().unwrap()).collect();
    assert_eq!(stage.ask(), None);
    stage.record(&probes[0], Verdict::Nothing);
    assert!(stage.ask().is_some());
    assert_eq!(stage.ask(), None);
}

#[test]
fn it_closes_after_enough_probes_have_worked() {
    let mut stage = Stage::new();
    stage.open();
    stage.pass(OPEN_FOR_MIN);
    for _ in 0..SUCCESSES_TO_CLOSE {
        assert_ne!(stage.state(), State::Closed);
        stage.call(Verdict::Works);
    }
    assert_eq!(stage.state(), State::Closed);
    assert_eq!(stage.breaker.view(stage.now).failures, 0);
}

#[test]
fn each_failed_probe_keeps_it_open_for_longer_up_to_a_limit_and_closing_forgets() {
    let mut stage = Stage::new();
    stage.open();
    let mut waited = OPEN_FOR_MIN;
    for _ in 0..10 {
        stage.pass(waited);
        stage.call(Verdict::Fails);
        waited = (waited * 2).min(OPEN_FOR_MAX);
        assert_eq!(stage.breaker.view(stage.now).next_probe_in, Some(waited));
    }
    assert_eq!(waited, OPEN_FOR_MAX);
    stage.pass(waited);
    (0..SUCCESSES_TO_CLOSE).for_each(|_| stage.call(Verdict::Works));
    stage.open();
    assert_eq!(stage.breaker.view(stage.now).next_probe_in, Some(OPEN_FOR_MIN));
}

#[test]
fn a_late_answer_to_an_earlier_call_moves_nothing() {
    let mut stage = Stage::new();
    let early: Vec<_> = (0..10).map(|_| stage.ask().unwrap()).collect();
    stage.open();
    stage.pass(OPEN_FOR_MIN);
    let probe = stage.ask().unwrap();
    early[..5].iter().for_each(|permit| stage.record(permit, Verdict::Works));
    assert_eq!(stage.state(), State::HalfOpen);
    early[5..].iter().for_each(|permit| stage.record(permit, Verdict::Fails));
    assert_eq!(stage.state(), State::HalfOpen);
    stage.record(&probe, Verdict::Fails);
    assert_eq!(stage.state(), State::Open);
}
