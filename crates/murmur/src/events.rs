//! `murmur events`: a live tail of all streams, one line an event.

use anyhow::Context as _;
use client::streams::Streams;
use client::timeline::detail;
use contracts::OrderId;
use contracts::service;
use protocol::{Row, Service, headers};
use serde_json::{Map, Value, json};
use terminal::interruption;
use terminal::line;
use terminal::output::plain;
use terminal::verdict::Verdict;
use tokio::sync::mpsc;

use crate::global::Global;

/// Rows that wait to be printed; a slow terminal slows the reading down.
const ROWS_WAITING_MAX: usize = 1024;

/// What `murmur events` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the streams of these services.
    #[arg(long, value_name = "SERVICE", value_delimiter = ',', value_parser = service::named)]
    service: Vec<Service>,
    /// Only events about this order (or customer, or product).
    #[arg(long, value_name = "ID")]
    order: Option<OrderId>,
    /// Begin with the first event instead of the next one.
    #[arg(long)]
    from_start: bool,
}

/// Prints events until it is interrupted.
pub(crate) async fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    let running = global.running()?;
    let streams = Streams::open(&running).await?;
    let (sink, mut rows) = mpsc::channel(ROWS_WAITING_MAX);
    let wanted = |service: &Service| args.service.is_empty() || args.service.contains(service);
    let mut followed = Vec::new();
    for service in service::ALL.into_iter().filter(wanted) {
        followed.push(streams.follow(service, args.from_start, sink.clone()));
    }
    drop(sink);
    loop {
        tokio::select! {
            row = rows.recv() => {
                let (service, row) = row.context("the broker is gone for good")?;
                show(global, args, service, &row);
            }
            // Its usual end.
            _ = interruption::asked() => return Ok(Verdict::Clean),
        }
    }
}

fn show(global: &Global, args: &Args, service: Service, row: &Row) {
    if args.order.as_ref().is_some_and(|id| id_of(row) != id.as_str()) {
        return;
    }
    if global.json {
        line!("{}", as_json(service, row));
    } else {
        line!("{}", plain(&line(service, row)));
    }
}

/// The last token of the subject, which a row has even if it is not understood.
fn id_of(row: &Row) -> &str {
    row.subject.rsplit('.').next().unwrap_or_default()
}

/// The row as it is, understood or not.
fn as_json(service: Service, row: &Row) -> Value {
    let headers: Map<_, _> =
        headers::lines(&row.headers).map(|(name, value)| (name.to_owned(), value.into())).collect();
    let data = serde_json::from_slice(&row.payload)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&row.payload)));
    json!({
        "stream": service.stream(),
        "sequence": row.sequence,
        "subject": row.subject,
        "headers": headers,
        "chain": row.chain.to_string(),
        "data": data,
    })
}

fn line(service: Service, row: &Row) -> String {
    let place = format!("{service:<9} {:>7}", row.sequence);
    match row.parse() {
        Ok(event) => {
            let headers = &event.headers;
            let (kind, id, cause) = (headers.kind, &headers.id, &headers.cause);
            let text = format!(
                "{}  {place}  {:<20}  {id}  {cause}  {}",
                headers.time,
                kind.name(),
                detail(&event.event)
            );
            text.trim_end().to_owned()
        }
        Err(error) => format!("{:27}  {place}  {}  not understood: {error}", "", row.subject),
    }
}

#[cfg(test)]
mod tests {
    use protocol::Chain;

    use super::*;

    fn unknown_event() -> Row {
        Row {
            sequence: 7,
            subject: "order.eaten.o-1".into(),
            headers: "ce-type:order.eaten.v1\n".into(),
            payload: b"not json".as_slice().into(),
            chain: Chain::START,
        }
    }

    #[test]
    fn an_event_that_is_not_understood_is_shown_all_the_same() {
        let line = line(service::ORDER, &unknown_event());
        assert!(line.contains("order.eaten.o-1") && line.contains("not understood"), "{line}");
        let json = as_json(service::ORDER, &unknown_event());
        assert_eq!(json["headers"]["ce-type"], "order.eaten.v1");
        assert_eq!(json["data"], "not json");
    }

    #[test]
    fn the_id_is_the_last_token_of_the_subject() {
        assert_eq!(id_of(&unknown_event()), "o-1");
    }
}
