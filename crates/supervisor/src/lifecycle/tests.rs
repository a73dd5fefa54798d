use super::*;

fn started(now: Instant) -> Lifecycle {
    let mut life = Lifecycle::new(STOP_WITHIN);
    assert_eq!(life.command(Act::Start, now), Ok(vec![Effect::Spawn]));
    life.spawned(now);
    life
}

fn ready(now: Instant) -> Lifecycle {
    let mut life = started(now);
    assert!(life.probed(Ok(()), now));
    life
}

/// How long after its death a process is started again.
fn pause_before_restart(life: &mut Lifecycle, died: Instant) -> Duration {
    assert_eq!(life.ended("exit status: 1".into(), died), []);
    let due = life.poll_timeout().unwrap();
    assert_eq!(life.handle_timeout(due), [Effect::Spawn]);
    life.spawned(due);
    due - died
}

#[test]
fn pauses_double_up_to_a_limit() {
    let now = Instant::now();
    let mut life = started(now);
    let pauses: Vec<_> = (0..9).map(|_| pause_before_restart(&mut life, now).as_millis()).collect();
    assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
}

#[test]
fn backoff_never_overflows() {
    assert_eq!(backoff(u32::MAX), BACKOFF_MAX);
}

#[test]
fn a_process_that_was_well_starts_from_the_first_pause_again() {
    let now = Instant::now();
    let mut life = started(now);
    pause_before_restart(&mut life, now);
    let later = now + STEADY_AFTER + BACKOFF_MAX;
    assert_eq!(pause_before_restart(&mut life, later), BACKOFF_FIRST);
}

#[test]
fn a_killed_process_is_restarted() {
    let now = Instant::now();
    let mut life = ready(now);
    assert_eq!(life.command(Act::Kill, now), Ok(vec![Effect::Signal(Signal::Kill)]));
    assert_eq!(life.state(), State::Stopping);
    pause_before_restart(&mut life, now);
    assert_eq!((life.state(), life.starts()), (State::Starting, 2));
}

#[test]
fn a_halted_process_is_killed_and_stays_down() {
    let now = Instant::now();
    let mut life = ready(now);
    assert_eq!(life.command(Act::Halt, now), Ok(vec![Effect::Signal(Signal::Kill)]));
    assert_eq!(life.ended("killed".into(), now), []);
    assert_eq!((life.state(), life.poll_timeout()), (State::Stopped, None));
    assert_eq!(life.command(Act::Halt, now), Ok(vec![]));
}

#[test]
fn a_stopped_process_stays_down_until_it_is_started() {
    let now = Instant::now();
    let mut life = ready(now);
    assert_eq!(life.command(Act::Stop, now), Ok(vec![Effect::Signal(Signal::Term)]));
    assert_eq!(life.ended("exit status: 0".into(), now), []);
    assert_eq!((life.state(), life.poll_timeout()), (State::Stopped, None));
    assert_eq!(life.command(Act::Start, now), Ok(vec![Effect::Spawn]));
}

#[test]
fn a_process_that_does_not_stop_in_time_is_killed() {
    let now = Instant::now();
    let mut life = ready(now);
    life.stop(now);
    assert_eq!(life.handle_timeout(now), []);
    assert_eq!(life.handle_timeout(now + STOP_WITHIN), [Effect::Signal(Signal::Kill)]);
}

#[test]
fn a_process_started_while_it_stops_comes_back() {
    let now = Instant::now();
    let mut life = ready(now);
    life.stop(now);
    assert_eq!(life.command(Act::Start, now), Ok(vec![]));
    assert_eq!(life.ended("exit status: 0".into(), now), [Effect::Spawn]);
}

#[test]
fn a_process_killed_while_it_stops_stays_down() {
    let now = Instant::now();
    let mut life = ready(now);
    life.stop(now);
    assert_eq!(life.command(Act::Kill, now), Ok(vec![Effect::Signal(Signal::Kill)]));
    assert_eq!(life.ended("signal: 9".into(), now), []);
    assert_eq!((life.state(), life.last_death()), (State::Stopped, None));
}

#[test]
fn a_stopped_process_is_not_killed_or_paused() {
    let mut life = Lifecycle::new(STOP_WITHIN);
    assert!(life.command(Act::Kill, Instant::now()).is_err());
    assert!(life.command(Act::Pause, Instant::now()).unwrap_err().contains("stopped"));
}

#[test]
fn a_paused_process_is_not_asked_and_is_thawed_by_start() {
    let now = Instant::now();
    let mut life = ready(now);
    assert_eq!(life.command(Act::Pause, now), Ok(vec![Effect::Signal(Signal::Stop)]));
    assert_eq!((life.state(), life.poll_timeout()), (State::Paused, None));
    assert_eq!(life.command(Act::Start, now), Ok(vec![Effect::Signal(Signal::Continue)]));
    assert_eq!(life.handle_timeout(now), [Effect::Probe]);
}

#[test]
fn a_paused_process_is_thawed_so_that_it_can_stop() {
    let now = Instant::now();
    let mut life = ready(now);
    life.command(Act::Pause, now).unwrap();
    assert_eq!(life.stop(now), [Effect::Signal(Signal::Term), Effect::Signal(Signal::Continue)]);
}

#[test]
fn wiping_kills_deletes_and_starts_again_in_that_order() {
    let now = Instant::now();
    let mut life = ready(now);
    assert_eq!(life.wipe(now), [Effect::Signal(Signal::Kill)]);
    assert_eq!(life.ended("signal: 9".into(), now), [Effect::Wipe, Effect::Spawn]);
    assert_eq!(Lifecycle::new(STOP_WITHIN).wipe(now), [Effect::Wipe, Effect::Spawn]);
}

#[test]
fn a_process_is_asked_once_at_a_time() {
    let now = Instant::now();
    let mut life = started(now);
    let due = life.poll_timeout().unwrap();
    assert_eq!(life.handle_timeout(due), [Effect::Probe]);
    assert_eq!((life.handle_timeout(due), life.poll_timeout()), (vec![], None));
    assert!(life.probed(Err("loading".into()), due));
    assert!(!life.probed(Err("loading".into()), due));
    assert_eq!((life.state(), life.reason()), (State::Starting, "loading"));
    assert!(life.probed(Ok(()), due));
}

#[test]
fn a_ready_process_that_no_longer_is_says_why() {
    let now = Instant::now();
    let mut life = ready(now);
    assert!(life.probed(Err("fenced: two stores were lost".into()), now));
    assert_eq!(life.state(), State::Unready);
    assert_eq!(life.reason(), "fenced: two stores were lost");
}

#[test]
fn a_late_answer_does_not_revive_a_stopping_process() {
    let now = Instant::now();
    let mut life = ready(now);
    life.stop(now);
    assert!(!life.probed(Ok(()), now));
    assert_eq!(life.state(), State::Stopping);
}

#[test]
fn who_is_configured_wrongly_stays_down_with_the_reason_until_it_is_started() {
    let now = Instant::now();
    let mut life = started(now);
    assert_eq!(life.gave_up("exit status: 64; no such option".into(), now), []);
    assert_eq!((life.state(), life.poll_timeout()), (State::Stopped, None));
    assert_eq!(life.reason(), "exit status: 64; no such option");
    assert_eq!(life.last_death(), Some("exit status: 64; no such option"));
    assert_eq!(life.command(Act::Start, now), Ok(vec![Effect::Spawn]));
    assert_eq!(life.reason(), "");
    // Who is being stopped was not asked to come back.
    life.spawned(now);
    life.command(Act::Stop, now).unwrap();
    assert_eq!(life.gave_up("exit status: 64".into(), now), []);
    assert_eq!((life.state(), life.reason()), (State::Stopped, ""));
}
