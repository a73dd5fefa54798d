//! What an owner is asked, and how its answer is known to be one: it has to be about what was asked.

use protocol::{Id, Service};
use runtime::Token;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::exchange::{Found, Reply};
use crate::failure::Failure;

/// A question to one owner.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who is asked.
    pub owner: Service,
    /// The path and query.
    pub path: String,
    shape: Shape,
}

#[derive(Clone, Debug)]
enum Shape {
    /// One entity: this member holds this id.
    Entity(&'static str, Id),
    /// A page of a list.
    Page,
}

/// What is read of an entity; the rest is handed on unread.
#[derive(Debug, Deserialize)]
struct Head {
    id: Option<String>,
    order_id: Option<String>,
    customer_id: Option<String>,
    sku: Option<String>,
    version: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct PageHead<'a> {
    #[serde(borrow, rename = "items")]
    _items: Vec<&'a RawValue>,
    #[serde(rename = "next")]
    _next: Option<String>,
}

impl Question {
    /// For the entity at `path`/`id`, whose `member` holds the id.
    #[must_use]
    pub fn entity(owner: Service, path: &str, member: &'static str, id: &Id) -> Self {
        let shape = Shape::Entity(member, id.clone());
        Self { owner, path: format!("{path}/{id}"), shape }
    }

    /// For a page of a list.
    #[must_use]
    pub const fn page(owner: Service, path: String) -> Self {
        Self { owner, path, shape: Shape::Page }
    }

    /// Checks that a reply answers the question, and notes what it has seen: an entity's version is
    /// the sequence of the event that changed it last.
    ///
    /// # Errors
    /// When it is about something else.
    pub fn check(&self, reply: Reply) -> Result<Reply, Failure> {
        let Reply::Found(found) = reply else { return Ok(reply) };
        let nonsense = |error: serde_json::Error| Failure::Nonsense(error.to_string());
        match &self.shape {
            Shape::Entity(member, id) => {
                let head: Head = serde_json::from_str(found.body.get()).map_err(nonsense)?;
                if head.member(member) != Some(id.as_str()) {
                    return Err(Failure::Nonsense(format!("it is not about {member} {id}")));
                }
                Ok(Reply::Found(self.seen_by(found, head.version)))
            }
            Shape::Page => {
                serde_json::from_str::<PageHead<'_>>(found.body.get()).map_err(nonsense)?;
                Ok(Reply::Found(found))
            }
        }
    }

    fn seen_by(&self, mut found: Found, version: Option<u64>) -> Found {
        if let Some(version) = version {
            let Token(seen) = &mut found.token;
            let seen = seen.entry(self.owner).or_default();
            *seen = (*seen).max(version);
        }
        found
    }
}

impl Head {
    fn member(&self, name: &str) -> Option<&str> {
        match name {
            "id" => self.id.as_deref(),
            "order_id" => self.order_id.as_deref(),
            "customer_id" => self.customer_id.as_deref(),
            "sku" => self.sku.as_deref(),
            _ => None,
        }
    }
}
