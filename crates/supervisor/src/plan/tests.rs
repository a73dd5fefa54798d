//! What each process is told.

use super::*;
use contracts::service;

fn arguments(plan: &Plan, process: Process, folder: &DataFolder) -> Vec<String> {
    let line = plan.command_line(process, folder);
    line.arguments.into_iter().map(|part| part.to_string_lossy().into_owned()).collect()
}

fn plan() -> Plan {
    let ports = (1u16..).zip(Process::ALL).map(|(port, process)| (process, port)).collect();
    let programs = Process::ALL.map(|process| (process, PathBuf::from(process.name()))).into();
    let extra = BTreeMap::from([(Process::Query, vec!["--more".to_owned()])]);
    Plan {
        programs,
        ports,
        extra,
        endpoints: Endpoints::default(),
        tls: None,
        logins: BTreeMap::new(),
        wrappers: Wrappers::default(),
        drain_seconds: None,
    }
}

#[test]
fn first_start_is_said_until_a_service_was_ready_once() {
    let data = tempfile::tempdir().unwrap();
    let mut folder = DataFolder::open(data.path()).unwrap();
    let order = Process::Service(service::ORDER);
    assert!(arguments(&plan(), order, &folder).contains(&"--first-start".to_owned()));
    folder.was_ready(order).unwrap();
    assert!(!arguments(&plan(), order, &folder).contains(&"--first-start".to_owned()));
}

#[test]
fn only_the_stores_are_tethered_and_everything_listens_on_loopback_and_asks_for_tokens() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(data.path()).unwrap();
    let tether = Some("/usr/bin/setpriv".into());
    let plan = Plan { wrappers: Wrappers { tether, nice: None }, ..plan() };
    for process in Process::ALL {
        let line = plan.command_line(process, &folder);
        assert_eq!(line.program.ends_with("setpriv"), process.is_store(), "{process}");
        let text = arguments(&plan, process, &folder).join(" ");
        assert!(text.contains("127.0.0.1") && !text.contains("0.0.0.0"), "{text}");
        assert_eq!(text.contains("--tokens"), !process.is_store(), "{text}");
    }
}

#[test]
fn what_changes_gives_way_to_what_is_read() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(data.path()).unwrap();
    let (tether, nice) = (Some("/bin/setpriv".into()), Some(("/bin/nice".into(), 7)));
    let plan = Plan { wrappers: Wrappers { tether, nice }, ..plan() };
    let starts = |process, with: &[&str]| {
        let line = plan.command_line(process, &folder);
        let all = std::iter::once(line.program.into_os_string()).chain(line.arguments);
        all.take(with.len()).eq(with.iter().map(OsString::from))
    };
    let tethered = ["/bin/setpriv", "--pdeathsig", "TERM", "redis"];
    assert!(starts(Process::Redis, &tethered));
    assert!(starts(Process::Query, &["query", "serve", "query"]));
    let both = ["/bin/nice", "-n", "7", "/bin/setpriv", "--pdeathsig", "TERM", "nats"];
    assert!(starts(Process::Nats, &both));
    assert!(starts(
        Process::Service(service::ORDER),
        &["/bin/nice", "-n", "7", "order", "serve", "order"]
    ));
}

#[test]
fn who_has_a_way_of_its_own_is_not_told_where_the_store_listens() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(data.path()).unwrap();
    let order = Process::Service(service::ORDER);
    let broker = BTreeMap::from([(order, "nats://127.0.0.1:9".to_owned())]);
    let endpoints = Endpoints { broker, redis: Some("redis://127.0.0.1:8".to_owned()) };
    let plan = Plan { endpoints, ..plan() };
    assert!(arguments(&plan, order, &folder).contains(&"nats://127.0.0.1:9".to_owned()));
    let query = arguments(&plan, Process::Query, &folder);
    assert!(query.contains(&"redis://127.0.0.1:8".to_owned()));
    assert!(query.contains(&"nats://127.0.0.1:1".to_owned()));
}

#[test]
fn who_may_drain_for_longer_is_killed_later_and_down_waits_for_it() {
    let order = Process::Service(service::ORDER);
    let drain = vec!["--drain-seconds".to_owned(), "60".to_owned()];
    let plan = Plan { extra: BTreeMap::from([(order, drain)]), ..plan() };
    assert_eq!(plan.stop_within(order), Duration::from_secs(65));
    assert_eq!(plan.stop_within(Process::Query), STOP_WITHIN);
    assert_eq!(plan.down_within(), Duration::from_secs(2 * 65) + 2 * STOP_WITHIN);
    assert_eq!(drain_seconds_in(&["--drain-seconds=7".to_owned()]), Some(7));
    assert_eq!(drain_seconds_in(&["--drain-seconds-x=7".to_owned()]), None);
}

#[test]
fn an_address_with_a_password_does_not_stand_in_the_arguments() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(data.path()).unwrap();
    let broker = BTreeMap::from([(Process::Query, "nats://a:geheim@h".to_owned())]);
    let endpoints = Endpoints { broker, redis: Some("redis://:geheim@h".to_owned()) };
    let line = Plan { endpoints, ..plan() }.command_line(Process::Query, &folder);
    let arguments = format!("{:?}", line.arguments);
    assert!(!arguments.contains("geheim") && arguments.contains("--listen"), "{arguments}");
    assert_eq!(line.environment["MURMUR_NATS"], "nats://a:geheim@h");
    assert_eq!(line.environment["MURMUR_REDIS"], "redis://:geheim@h");
}

#[test]
fn a_password_of_the_broker_is_in_the_environment_of_its_process_only() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(data.path()).unwrap();
    let login = BTreeMap::from([("MURMUR_NATS_PASSWORD".to_owned(), "geheim".to_owned())]);
    let plan = Plan { logins: BTreeMap::from([(Process::Query, login)]), ..plan() };
    for process in Process::ALL {
        let line = plan.command_line(process, &folder);
        assert!(!format!("{:?}", line.arguments).contains("geheim"));
        assert_eq!(!line.environment.is_empty(), process == Process::Query, "{process}");
    }
    let broker = BTreeMap::from([(Process::Query, "nats://a:anderes@h".to_owned())]);
    let plan = Plan { endpoints: Endpoints { broker, redis: None }, ..plan };
    let line = plan.command_line(Process::Query, &folder);
    assert!(!line.environment.contains_key("MURMUR_NATS_PASSWORD"));
}

#[test]
fn what_the_operator_adds_comes_last() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(data.path()).unwrap();
    assert_eq!(arguments(&plan(), Process::Query, &folder).last().unwrap(), "--more");
}

#[test]
fn a_password_of_redis_is_for_query_unless_its_address_says_who_it_is() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(data.path()).unwrap();
    let said = ["MURMUR_NATS_PASSWORD", "MURMUR_REDIS_USER", "MURMUR_REDIS_PASSWORD"];
    let login = said.map(|variable| (variable.to_owned(), "geheim".to_owned())).into();
    let plan = Plan { logins: BTreeMap::from([(Process::Query, login)]), ..plan() };
    let line = plan.command_line(Process::Query, &folder);
    assert!(said.iter().all(|variable| line.environment.contains_key(*variable)));
    assert!(!format!("{:?}", line.arguments).contains("geheim"));
    let redis = Some("redis://a:anderes@h".to_owned());
    let endpoints = Endpoints { broker: BTreeMap::new(), redis };
    let line = Plan { endpoints, ..plan }.command_line(Process::Query, &folder);
    let named: Vec<_> = line.environment.keys().map(String::as_str).collect();
    assert_eq!(named, ["MURMUR_NATS_PASSWORD", "MURMUR_REDIS"]);
}
