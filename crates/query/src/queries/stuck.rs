//! The orders that wait for longer than they should, by the service that is awaited: `murmur stuck`, from what
//! is folded.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::choreography::State;
use protocol::{Kind, Service, Timestamp};
use runtime::http::Scope::Read;
use runtime::http::openapi::Operation;
use schemars::JsonSchema;
use serde::Serialize;

use super::AgeText;
use super::order::{FAMILIES, Records};
use crate::keys;
use crate::queries::backlog::LOOKED_AT_MAX;
use crate::query::request::span;
use crate::query::{Answer, Answering, Fresh, NoAnswer, Query, Request};
use crate::reader::page::{Entry, Order, PageRequest};
use crate::reader::{QueryReader, ReadError};
use crate::saga::Owed;

/// `GET /stuck`.
pub(super) struct StuckQuery;

/// Microseconds that an order may wait unless something else is said: half a minute.
const OLDER_THAN: i64 = 30_000_000;

/// Orders that wait.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StuckAnswer {
    /// All orders in flight.
    pub in_flight: u64,
    /// How many of them, oldest first, were looked at.
    pub looked_at: usize,
    /// For how long an order may wait, in milliseconds.
    pub older_than_ms: i64,
    /// Those that wait for longer, by whom they wait for; who waits longest first.
    pub stuck: BTreeMap<Service, Vec<Waiting>>,
}

/// One order that waits for one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Waiting {
    /// The order.
    pub order_id: String,
    /// Its state, by the choreography's name.
    pub state: State,
    /// What the service has to publish.
    pub one_of: Vec<Kind>,
    /// What calls for it: an event, or a timer that is due.
    pub on: String,
    /// Since when.
    pub since: Timestamp,
    /// How long that is, in milliseconds.
    pub for_ms: i64,
}

impl Query for StuckQuery {
    fn operation(&self) -> Operation {
        let summary = "Orders that wait for longer than they should, by who is awaited";
        Operation::get(Read, "/stuck", summary)
            .query::<AgeText>("older_than", "For how long an order may wait: 30s unless said")
            .answers::<Fresh<StuckAnswer>>(200, "The orders, by the service that they wait for")
    }

    /// What waits longer by the second is not kept.
    fn kept_for(&self) -> Duration {
        Duration::ZERO
    }

    fn answer<'a>(&'a self, mut request: Request<'a>) -> Answering<'a> {
        Box::pin(async move {
            let older_than = request.parts.take("older_than");
            let older_than = older_than.map(|text| span("older_than", &text)).transpose()?;
            request.parts.end(&[])?;
            let (now, older_than) = ((request.context.clock)(), older_than.unwrap_or(OLDER_THAN));
            Ok(stuck(request.reader, older_than, now).await?.into_json()?)
        })
    }
}

/// Reads the orders that wait for longer than so many microseconds.
///
/// # Errors
/// When the read model cannot be read.
pub async fn stuck(
    reader: QueryReader,
    older_than: i64,
    now: Timestamp,
) -> Result<Answer<StuckAnswer>, NoAnswer> {
    let page = PageRequest::of(keys::UNSETTLED, Order::Up, LOOKED_AT_MAX, FAMILIES);
    let mut look = reader.look(&[], &[page]).await?;
    let page = look.pages.pop().unwrap_or_default();
    let bound = Timestamp::from_micros(now.micros().saturating_sub(older_than));
    let mut stuck: BTreeMap<Service, Vec<Waiting>> = BTreeMap::new();
    for entry in &page.entries {
        let waiting = waiting(entry, now)?.into_iter();
        for (service, waiting) in waiting.filter(|(_, waiting)| waiting.since <= bound) {
            stuck.entry(service).or_default().push(waiting);
        }
    }
    for all in stuck.values_mut() {
        all.sort_by(|one, other| (one.since, &one.order_id).cmp(&(other.since, &other.order_id)));
    }
    let (in_flight, looked_at) = (page.all, page.entries.len());
    let older_than_ms = older_than / 1_000;
    Ok(Answer::of(look, StuckAnswer { in_flight, looked_at, older_than_ms, stuck }))
}

/// What an order waits for.
fn waiting(entry: &Entry, now: Timestamp) -> Result<Vec<(Service, Waiting)>, ReadError> {
    let records = Records::of(&entry.records)?;
    let saga = records.saga();
    let Some(order) = saga.order else { return Ok(Vec::new()) };
    let waiting = |Owed { service, one_of, because, since }| {
        let (order_id, state) = (entry.member.clone(), order.state());
        let for_ms = now.millis_since(since);
        (service, Waiting { order_id, state, one_of, on: because, since, for_ms })
    };
    Ok(saga.owed().into_iter().map(waiting).collect())
}
