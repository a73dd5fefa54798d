//! `GET /events/{stream}/{sequence}`: one event as its stream holds it, envelope and content.
//!
//! It is read from the broker: the read model keeps of events what its views need, and no content.
//!
//! Deliberately absent: what lets a client repeat a command, and what its owner seals the row with. Neither
//! is for a reader to know.

use std::collections::BTreeMap;

use contracts::{problems, service};
use protocol::headers::{self, CHAIN_HEADER};
use protocol::seal::SEAL_HEADER;
use protocol::{Row, Service};
use runtime::http::server::Routes;
use runtime::http::{Problem, StatusCode, json};
use runtime::nats::{Connection, streams};
use runtime::warp::{self, Filter};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Headers that are kept back.
const KEPT_BACK: [&str; 3] = ["ce-idempotencykey", "ce-requesthash", SEAL_HEADER];

/// One event, as its stream holds it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventAnswer {
    /// The stream.
    pub stream: String,
    /// Its number there, from 1.
    pub sequence: u64,
    /// `<service>.<event>.<id>`.
    pub subject: String,
    /// The envelope, header by header, with the chain over all rows up to this one.
    pub headers: BTreeMap<String, String>,
    /// The content.
    pub data: Value,
}

/// The route.
#[must_use]
pub fn routes(connection: Connection) -> Routes {
    warp::path!("events" / String / String)
        .and(warp::get())
        .then(move |stream: String, sequence: String| {
            let connection = connection.clone();
            async move { answer(&connection, &stream, &sequence).await }
        })
        .map(|answer: Result<EventAnswer, Problem>| {
            answer.map_or_else(Problem::into_response, |event| json(StatusCode::OK, &event))
        })
        .boxed()
}

async fn answer(
    connection: &Connection,
    stream: &str,
    sequence: &str,
) -> Result<EventAnswer, Problem> {
    let service = named(stream)?;
    let sequence = sequence
        .parse::<u64>()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| Problem::new(&problems::BAD_SEQUENCE).detail("use one such as 12"))?;
    match find(connection, service, sequence).await {
        Ok(Some(row)) => Ok(EventAnswer::of(service, &row)),
        Ok(None) => Err(Problem::new(&problems::UNKNOWN_EVENT)
            .detail(format!("{stream} holds no event {sequence}, or not yet"))),
        Err(reason) => Err(Problem::passing(&problems::BROKER_AWAY).detail(reason)),
    }
}

fn named(stream: &str) -> Result<Service, Problem> {
    let found = service::ALL.into_iter().find(|service| service.stream() == stream);
    found.ok_or_else(|| {
        let all: Vec<_> = service::ALL.iter().map(|service| service.stream()).collect();
        Problem::new(&problems::UNKNOWN_STREAM).detail(format!("use one of {}", all.join(", ")))
    })
}

async fn find(
    connection: &Connection,
    service: Service,
    sequence: u64,
) -> Result<Option<Row>, String> {
    if !connection.is_connected() {
        return Err("the broker is away".to_owned());
    }
    let stream = streams::find(&connection.jetstream(service), service).await;
    match stream.map_err(|error| error.to_string())? {
        Some(stream) => {
            streams::message(&stream, sequence).await.map_err(|error| error.to_string())
        }
        None => Ok(None),
    }
}

impl EventAnswer {
    fn of(service: Service, row: &Row) -> Self {
        let lines = headers::lines(&row.headers).filter(|(name, _)| !KEPT_BACK.contains(name));
        let chain = (CHAIN_HEADER.to_owned(), row.chain.to_string());
        let text = || Value::from(String::from_utf8_lossy(&row.payload).into_owned());
        Self {
            stream: service.stream().to_owned(),
            sequence: row.sequence,
            subject: row.subject.clone(),
            headers: lines
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .chain([chain])
                .collect(),
            // A row that nobody understands is shown all the same.
            data: serde_json::from_slice(&row.payload).unwrap_or_else(|_| text()),
        }
    }
}
