//! All owners, and parts of answers: what one of them says, or said before, or why it says nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use protocol::Service;
use runtime::Token;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::exchange::{Behalf, Exchange, Found, Reply};
use crate::failure::Failure;
use crate::last_good::{Key, LastGood};
use crate::owner::Owner;
use crate::question::Question;

/// All owners.
#[derive(Debug)]
pub struct Owners {
    all: BTreeMap<Service, Owner>,
    last_good: Mutex<LastGood>,
    deadline: Duration,
}

/// What came of asking one owner.
#[derive(Debug)]
pub enum Part {
    /// What it says.
    Fresh(Found),
    /// It says that there is none.
    Absent,
    /// It says nothing of use; this is what it said before.
    Stale(Arc<RawValue>, Duration, Failure),
    /// It says nothing of use, and nothing is known from before.
    Missing(Failure),
}

/// An entity in an answer, as its owner wrote it.
#[derive(Clone, Debug)]
pub struct Entity(pub Arc<RawValue>);

/// A part of an answer that is from before.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StalePart {
    /// Who was asked.
    pub owner: Service,
    /// What.
    pub asked: String,
    /// How old the answer is.
    pub age_ms: u64,
    /// Why it is not renewed, for programs.
    pub reason: &'static str,
    /// The same, for people.
    pub detail: String,
}

/// A part of an answer that is not there.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MissingPart {
    /// Who was asked.
    pub owner: Service,
    /// What.
    pub asked: String,
    /// Why there is no answer, for programs.
    pub reason: &'static str,
    /// The same, for people.
    pub detail: String,
}

/// What is said of an answer's parts, while it is put together.
#[derive(Debug, Default)]
pub struct Shortfall {
    /// Parts that are from before.
    pub stale: Vec<StalePart>,
    /// Parts that are not there.
    pub missing: Vec<MissingPart>,
    /// What the answer has seen.
    pub seen: Token,
}

impl Owners {
    /// The owners at these addresses, the longest that an answer may take, and how they are reached.
    #[must_use]
    pub fn new(urls: &[(Service, String)], deadline: Duration, exchange: &Exchange) -> Self {
        let owner = |(service, url): &(Service, String)| {
            (*service, Owner::new(*service, url, exchange.clone(), deadline))
        };
        Self { all: urls.iter().map(owner).collect(), last_good: Mutex::default(), deadline }
    }

    /// When an answer that is begun now has to be given.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.deadline
    }

    /// How long an answer may take.
    #[must_use]
    pub const fn patience(&self) -> Duration {
        self.deadline
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Owner> {
        self.all.values()
    }

    /// How many answers are kept for when an owner is away.
    #[must_use]
    pub fn answers_kept(&self) -> usize {
        self.last_good().len()
    }

    /// Asks one owner, and falls back to what it said before.
    pub async fn part(&self, question: &Question, behalf: &Behalf, deadline: Instant) -> Part {
        let Some(owner) = self.all.get(&question.owner) else {
            return Part::Missing(Failure::NotAsked(
                "it has no address here: name it with --owner",
            ));
        };
        let key = (question.owner, question.path.clone());
        match owner.ask(question, behalf, deadline).await {
            Ok(Reply::Found(found)) => {
                self.last_good().keep(key, Arc::clone(&found.body), Instant::now());
                Part::Fresh(found)
            }
            Ok(Reply::Absent) => {
                self.last_good().forget(&key);
                Part::Absent
            }
            Err(refused @ Failure::Refused(..)) => Part::Missing(refused),
            Err(failure) => self.known_before(&key, failure),
        }
    }

    fn known_before(&self, key: &Key, failure: Failure) -> Part {
        match self.last_good().find(key, Instant::now()) {
            Some((body, age)) => Part::Stale(body, age, failure),
            None => Part::Missing(failure),
        }
    }

    fn last_good(&self) -> MutexGuard<'_, LastGood> {
        self.last_good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shortfall {
    /// Whether nothing is missing or from before.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.stale.is_empty() && self.missing.is_empty()
    }

    /// Takes note of a part. `asked` is the client's token: of an owner that answered, the answer has
    /// seen at least what it was told to wait for.
    pub fn note(&mut self, question: &Question, part: Part, asked: &Token) -> Option<Entity> {
        let (owner, path) = (question.owner, question.path.clone());
        match part {
            Part::Fresh(found) => {
                self.see(owner, asked, &found.token);
                Some(Entity(found.body))
            }
            Part::Absent => {
                self.see(owner, asked, &Token::default());
                None
            }
            Part::Stale(body, age, failure) => {
                let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
                let (reason, detail) = (failure.reason(), failure.detail());
                self.stale.push(StalePart { owner, asked: path, age_ms, reason, detail });
                Some(Entity(body))
            }
            Part::Missing(failure) => {
                let (reason, detail) = (failure.reason(), failure.detail());
                self.missing.push(MissingPart { owner, asked: path, reason, detail });
                None
            }
        }
    }

    fn see(&mut self, owner: Service, asked: &Token, answered: &Token) {
        let own = asked.0.get(&owner).map(|sequence| (&owner, sequence));
        for (service, sequence) in answered.0.iter().chain(own) {
            let seen = self.seen.0.entry(*service).or_default();
            *seen = (*seen).max(*sequence);
        }
    }
}

impl Entity {
    /// The JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

/// Any object: what is in it is its owner's to describe.
impl JsonSchema for Entity {
    fn schema_name() -> Cow<'static, str> {
        "Entity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

impl Serialize for Entity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
