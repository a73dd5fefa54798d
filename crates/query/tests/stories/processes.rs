//! How the services' processes are, over a real broker: by their word, and by their silence.

use std::time::Duration;

use contracts::service;
use protocol::Timestamp;
use protocol::heartbeat::{Heartbeat, ProcessState, subject};
use query::processes::observed::Observed;
use query::processes::{self, BrokerState, ProcessAnswer, Processes, Seen};
use runtime::http::server;
use runtime::nats::Connection;
use runtime::shutdown::stop_signal;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::nats_server::NatsServer;
use crate::rest_client::get;
use crate::stage::{SOON, clock};

/// Silence is no change: it is judged anew as time passes.
const JUDGED_EVERY: Duration = Duration::from_millis(10);

struct Stage {
    nats: NatsServer,
    services: Connection,
    observed: watch::Receiver<Observed>,
    listening: JoinHandle<()>,
}

impl Stage {
    async fn start() -> Self {
        let nats = NatsServer::start();
        let (sender, observed) = watch::channel(Observed::default());
        let listening = tokio::spawn(processes::run(nats.connection().await, sender));
        let services = nats.connection().await;
        let stage = Self { nats, services, observed, listening };
        stage.until("the broker", |all| all.broker.state == BrokerState::Connected).await;
        stage
    }

    async fn say(&self, state: ProcessState, at: Timestamp) {
        let beat = Heartbeat {
            process: "payment".to_owned(),
            instance: "a".to_owned(),
            started_at: at,
            at,
            state,
            since: at,
            reason: (state == ProcessState::Fenced).then(|| "two histories".to_owned()),
            choices: vec!["choose".to_owned()],
            head: Some(3),
            acknowledged: Some(2),
            redundant: Some(false),
            redundant_reason: Some("1 row is in the database only".to_owned()),
            held: Vec::new(),
            declared: None,
        };
        let payload = serde_json::to_vec(&beat).unwrap();
        self.services.client().publish(subject("payment"), payload.into()).await.unwrap();
    }

    async fn until(&self, what: &str, reached: impl Fn(&Processes) -> bool) -> Processes {
        let deadline = Instant::now() + SOON;
        let mut observed = self.observed.clone();
        loop {
            let view = observed.borrow_and_update().view(Instant::now());
            if reached(&view) {
                return view;
            }
            assert!(Instant::now() < deadline, "{what} is not seen: {view:?}");
            if timeout(JUDGED_EVERY, observed.changed()).await.is_err() {}
        }
    }

    async fn until_payment(&self, state: Seen) -> ProcessAnswer {
        let view = self.until("payment", |all| payment(all).state == state).await;
        payment(&view).clone()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

fn payment(all: &Processes) -> &ProcessAnswer {
    all.services.iter().find(|one| one.service == service::PAYMENT).unwrap()
}

#[tokio::test]
async fn a_service_is_what_it_says_and_down_when_it_falls_silent() {
    let stage = Stage::start().await;
    let at = clock();
    stage.say(ProcessState::Fenced, at).await;
    let fenced = stage.until_payment(Seen::Fenced).await;
    assert_eq!((fenced.reason.as_deref(), fenced.since), (Some("two histories"), Some(at)));
    assert_eq!((fenced.choices, fenced.acknowledged), (vec!["choose".to_owned()], Some(2)));
    let down = stage.until_payment(Seen::Down).await;
    assert_eq!(down.last_said, Some(ProcessState::Fenced));
    assert!(down.since.unwrap() >= at);
    stage.say(ProcessState::Ready, clock()).await;
    stage.until_payment(Seen::Ready).await;
}

#[tokio::test]
async fn without_the_broker_nobody_is_called_down() {
    let mut stage = Stage::start().await;
    stage.say(ProcessState::Ready, clock()).await;
    stage.until_payment(Seen::Ready).await;
    stage.nats.kill();
    let view = stage.until("the loss", |all| all.broker.state == BrokerState::Away).await;
    assert!(view.services.iter().all(|one| one.state == Seen::Unknown), "{view:?}");
    assert_eq!(payment(&view).last_said, Some(ProcessState::Ready));
    stage.nats.restart();
    stage.until("the broker", |all| all.broker.state == BrokerState::Connected).await;
    stage.services.connected().await;
    stage.say(ProcessState::Stopped, clock()).await;
    stage.until_payment(Seen::Stopped).await;
}

#[tokio::test]
async fn the_processes_are_told_over_rest() {
    let stage = Stage::start().await;
    stage.say(ProcessState::Starting, clock()).await;
    stage.until_payment(Seen::Starting).await;
    let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (_stopper, stop) = stop_signal(Duration::ZERO);
    let routes = processes::routes(stage.observed.clone());
    tokio::spawn(server::serve(listener, routes, stop));
    let answer = get(&address, "/processes", &[]).await;
    assert_eq!((answer.status, &answer.body["broker"]["state"]), (200, &"connected".into()));
    assert_eq!(answer.body["services"][4]["service"], "payment");
    assert_eq!(answer.body["services"][4]["state"], "starting");
    assert_eq!(answer.body["services"][4]["redundant"], false);
}
