//! `/parked`: the events that could not be folded, each with why and how often it was tried.
//!
//! They are of one generation, since another build may fold what this one cannot: a retry is a generation
//! that is built beside the one that is read. In place it cannot be done, since a record refuses an event
//! that is older than the last it has folded.
//!
//! A person may drop one: it is listed on, with who has said so, when and why, and is no longer counted. That
//! is kept in Redis beside the generations. Where Redis is lost, the event is open again.
//!
//! Deliberately absent: the content of an event, which [`crate::events`] reads from its stream.

use contracts::problems;
use protocol::Timestamp;
use runtime::http::server::Routes;
use runtime::http::{Caller, CommandRequest, Problem, Response, StatusCode, caller, command, json};
use runtime::warp::{self, Filter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fold::Parked;
use crate::generations::http::{LIVE, unconditional};
use crate::keys::Generation;
use crate::store::parked::{Dropped, Kept};
use crate::store::{Store, StoreError};

/// Events that are listed at most: more are more than a person looks at, and have one cause.
pub const LISTED_MAX: usize = 1_000;

/// Longest reason for a drop, in characters.
const WHY_CHARS_MAX: usize = 500;

/// The events that one generation has parked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ParkedAnswer {
    /// The generation.
    pub generation: String,
    /// How many are parked and not dropped.
    pub open: u64,
    /// The events, by stream and sequence; at most a thousand.
    pub items: Vec<ParkedEvent>,
}

/// One event that could not be folded.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ParkedEvent {
    /// Its stream.
    pub stream: String,
    /// Its number there.
    pub sequence: u64,
    /// `<service>.<event>.<id>`.
    pub subject: String,
    /// Why it could not be folded.
    pub reason: String,
    /// How often that was tried.
    pub attempts: u32,
    /// When it was decided, if that much could be understood.
    pub time: Option<Timestamp>,
    /// Who has dropped it, if anybody has.
    pub dropped: Option<Dropped>,
}

/// Why an event is dropped.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DropRequest {
    /// In a few words, for whoever asks later.
    #[schemars(length(min = 1, max = 500))]
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Another generation than the one that is read.
    generation: Option<String>,
}

/// Where parked events are, and what time it is.
#[derive(Clone)]
struct Desk {
    client: redis::Client,
    clock: fn() -> Timestamp,
}

/// The routes.
#[must_use]
pub fn routes(client: redis::Client, clock: fn() -> Timestamp) -> Routes {
    let desk = Desk { client, clock };
    let with = warp::any().map(move || desk.clone());
    let list = warp::path!("parked").and(warp::get()).and(warp::query()).and(with.clone());
    let list = list.then(async |which: Which, desk: Desk| answer(desk.list(which).await));
    let one = warp::path!("parked" / String / String).and(warp::get()).and(with.clone());
    let one = one.then(async |stream: String, sequence: String, desk: Desk| {
        answer(desk.one(&format!("{stream}/{sequence}")).await)
    });
    let drop = warp::path!("parked" / String / String / "drop").and(warp::post());
    let drop = drop.and(unconditional("parked events")).and(caller()).and(with);
    let drop = drop.and(command::<DropRequest>()).then(
        async |stream: String, sequence: String, caller, desk: Desk, _: CommandRequest, asked| {
            answer(desk.drop(&format!("{stream}/{sequence}"), &caller, asked).await)
        },
    );
    list.or(one).unify().or(drop).unify().boxed()
}

impl Desk {
    async fn list(&self, which: Which) -> Result<ParkedAnswer, Problem> {
        let mut store = self.store().await?;
        let generation = generation(&mut store, which.generation.as_deref()).await?;
        let open = store.count_parked(&generation).await.map_err(away)?;
        let items = store.parked(&generation, LISTED_MAX).await.map_err(away)?;
        let items = items.into_iter().map(ParkedEvent::of).collect();
        Ok(ParkedAnswer { generation: generation.to_string(), open, items })
    }

    async fn one(&self, name: &str) -> Result<ParkedEvent, Problem> {
        let mut store = self.store().await?;
        found(&mut store, name).await
    }

    async fn drop(
        &self,
        name: &str,
        caller: &Caller,
        DropRequest { why }: DropRequest,
    ) -> Result<ParkedEvent, Problem> {
        if why.is_empty() || why.chars().count() > WHY_CHARS_MAX {
            return Err(Problem::new(&problems::BAD_WHY)
                .detail(format!("why has 1 to {WHY_CHARS_MAX} characters")));
        }
        let mut store = self.store().await?;
        found(&mut store, name).await?;
        let who = caller.entry().map(|entry| entry.name.to_string());
        let word = Dropped { who, at: (self.clock)(), why };
        store.drop_parked(name, &word).await.map_err(away)?;
        tracing::warn!(event = name, who = ?word.who, why = word.why, "a parked event was dropped");
        found(&mut store, name).await
    }

    async fn store(&self) -> Result<Store, Problem> {
        Store::connect(&self.client).await.map_err(away)
    }
}

impl ParkedEvent {
    fn of((parked, dropped): Kept) -> Self {
        let Parked { stream, sequence, subject, reason, attempts, time } = parked;
        Self { stream, sequence, subject, reason, attempts, time, dropped }
    }
}

async fn found(store: &mut Store, name: &str) -> Result<ParkedEvent, Problem> {
    let live = generation(store, None).await?;
    let kept = store.parked_event(&live, name).await.map_err(away)?;
    kept.map(ParkedEvent::of).ok_or_else(|| {
        Problem::new(&problems::UNKNOWN_PARKED_EVENT).detail(format!(
            "{name} is folded, or not read yet: GET /parked lists those that are parked"
        ))
    })
}

/// The generation of this name; the one that is read, if none is named.
async fn generation(store: &mut Store, name: Option<&str>) -> Result<Generation, Problem> {
    let all = store.generations().await.map_err(away)?;
    let live = all.live.map(|one| one.generation);
    let Some(name) = name.filter(|name| *name != LIVE) else {
        return live.ok_or_else(|| Problem::passing(&problems::REBUILDING));
    };
    let others = [all.next, all.previous].into_iter().flatten().map(|one| one.generation);
    let found = live.into_iter().chain(others).find(|one| one.to_string() == name);
    found.ok_or_else(|| {
        Problem::new(&problems::UNKNOWN_GENERATION)
            .detail(format!("{name} is neither read, nor built beside, nor the one before"))
    })
}

fn away(error: StoreError) -> Problem {
    Problem::passing(&problems::REDIS_AWAY).detail(error.to_string())
}

fn answer<T: Serialize>(found: Result<T, Problem>) -> Response {
    found.map_or_else(Problem::into_response, |found| json(StatusCode::OK, &found))
}
