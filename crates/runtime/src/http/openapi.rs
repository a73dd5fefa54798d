//! An API, described: OpenAPI 3.1 at `/openapi.json`, made from the types that are taken and given,
//! and a page at `/docs` to try it.
//!
//! Each service declares its operations as data beside its routes. Whether both say the same is
//! checked from outside, by a tester that knows only the document.
//!
//! The same operations say to the server which methods and parameters there are.
//!
//! What is at a path that no operation describes is answered by nobody: the server asks no route for it.
//!
//! Deliberately absent: any check of a value by its description. Types do that.

mod document;
mod headers;
mod page;
pub mod tags;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use warp::Filter as _;

use super::auth::{Access, Scope};
use super::problem::catalogue;
use super::server::Routes;
pub use document::Document;
pub use page::{ShownApi, docs};

/// How a schema is made of a type.
type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One operation: what a route takes and gives.
#[derive(Clone, Debug)]
pub struct Operation {
    access: Access,
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    parameters: Vec<Parameter>,
    body: Option<SchemaOf>,
    answers: Vec<Answer>,
    /// The group in which it is shown; that of the service if none.
    tag: Option<&'static str>,
    /// What the parameters of its path are, in the example.
    at: &'static [&'static str],
    /// The body of the example.
    example: Option<Value>,
    is_hidden: bool,
    takes_any_query: bool,
}

#[derive(Clone, Debug)]
struct Parameter {
    place: &'static str,
    name: &'static str,
    description: &'static str,
    required: bool,
    schema: SchemaOf,
    example: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    description: &'static str,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Json(SchemaOf),
    Problem,
    /// Something else, of this media type.
    Text(&'static str),
}

/// A page of a list, as [`paged`](super::paged) writes it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PageOf<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page; none on the last.
    pub next: Option<String>,
}

/// Any JSON object.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AnyObject(pub serde_json::Map<String, serde_json::Value>);

impl Operation {
    /// A read that takes a consistency token and waits until it has seen that much.
    #[must_use]
    pub fn get(access: impl Into<Access>, path: &'static str, summary: &'static str) -> Self {
        Self::plain(access, "get", path, summary)
            .header::<TokenText>("Murmur-Token", "What the answer must have seen")
            .problem(400, "A header, the path or the query does not make sense")
            .problem(504, "It has not yet seen what Murmur-Token asks for")
    }

    /// A command, with what comes with every command.
    #[must_use]
    pub fn command(
        access: impl Into<Access>,
        method: &'static str,
        path: &'static str,
        summary: &'static str,
    ) -> Self {
        Self::plain(access, method, path, summary)
            .header::<KeyText>(
                "Idempotency-Key",
                "Names the command: its repeat has no second effect",
            )
            .header::<TokenText>("Murmur-Token", "What must have been seen before it is decided")
            .header::<DurabilityText>("Murmur-Require-Durability", "The least that is accepted")
            .header::<TagsText>("If-Match", "Only if it still has one of these ETags")
            .header::<TagsText>("If-None-Match", "Only if it has none of these; `*` for only new")
            .header::<DateText>("If-Unmodified-Since", "Only if it has not changed since")
            .problem(400, "A header, the path or the body does not make sense")
            .problem(408, "The body did not come in time")
            .problem(412, "If-Match, If-None-Match or If-Unmodified-Since does not hold")
            .problem(413, "The body, or what the command would write, is too large")
            .problem(415, "The body is not JSON")
            .problem(422, "It is refused, or its Idempotency-Key was used for another request")
            .problem(503, "The service takes no commands now")
            .problem(504, "It has not yet seen what Murmur-Token asks for")
    }

    /// Of something that knows no date of its last change: a date is not held against it.
    #[must_use]
    pub fn undated(mut self) -> Self {
        self.parameters.retain(|parameter| parameter.name != "If-Unmodified-Since");
        self
    }

    /// An operation that takes nothing but its path.
    #[must_use]
    pub fn plain(
        access: impl Into<Access>,
        method: &'static str,
        path: &'static str,
        summary: &'static str,
    ) -> Self {
        let plain = Self {
            access: access.into(),
            method,
            path,
            summary,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            tag: None,
            at: &[],
            example: None,
            is_hidden: false,
            takes_any_query: false,
        };
        plain
            .refused_to_strangers()
            .problem(400, "A header or the query does not make sense")
            .problem(421, "The process does not answer under the Host that was named")
    }

    /// A file of a page, which is the same for everybody: whatever stands in its query, such as a
    /// version, is passed over. It is the one thing that is not described.
    #[must_use]
    pub fn file(path: &'static str) -> Self {
        let plain = Self::plain(Access::Anybody, "get", path, "");
        Self { takes_any_query: true, is_hidden: true, ..plain }
    }

    /// Shown in this group.
    #[must_use]
    pub const fn tagged(mut self, tag: &'static str) -> Self {
        self.tag = Some(tag);
        self
    }

    /// With an example of its path: what its parameters are there, in their order.
    #[must_use]
    pub const fn at(mut self, parameters: &'static [&'static str]) -> Self {
        self.at = parameters;
        self
    }

    /// With an example of a parameter that was named before.
    #[must_use]
    pub fn sample(mut self, name: &str, example: &'static str) -> Self {
        let named = self.parameters.iter_mut().filter(|parameter| parameter.name == name);
        named.for_each(|parameter| parameter.example = Some(example));
        self
    }

    /// With an example of its body.
    #[must_use]
    pub fn example(mut self, body: Value) -> Self {
        self.example = Some(body);
        self
    }

    /// What it answers with JSON, it answers in this media type, too.
    #[must_use]
    pub fn also_as(mut self, media_type: &'static str) -> Self {
        let of = |answer: &Answer| matches!(answer.content, Content::Json(_));
        let content = Content::Text(media_type);
        let also = self.answers.iter().find(|answer| of(answer));
        let also = also.map(|Answer { status, description, .. }| (*status, *description));
        self.answers.extend(also.map(|(status, description)| Answer {
            status,
            description,
            content,
        }));
        self
    }

    fn refused_to_strangers(self) -> Self {
        const ELSEWHERE: &str = "A page of another origin has asked for it";
        match self.access {
            Access::Anybody => self.problem(403, ELSEWHERE),
            Access::OnThisMachine | Access::Holders | Access::Only(_) => self
                .problem(401, "It takes a token, and this is none that is known")
                .problem(403, "The token lacks the scope, or a page of another origin has asked"),
        }
    }

    pub(super) const fn access(&self) -> Access {
        self.access
    }

    /// Its method, in lower case.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The names of all parts of its query; none if any will do.
    pub(super) fn query_names(&self) -> Option<Vec<&'static str>> {
        let parts = self.parameters.iter().filter(|parameter| parameter.place == "query");
        (!self.takes_any_query).then(|| parts.map(|parameter| parameter.name).collect())
    }

    /// Its path.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// With a JSON body.
    #[must_use]
    pub fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(schema_of::<T>);
        self
    }

    /// With a part of the query that must be there.
    #[must_use]
    pub fn needs<T: JsonSchema>(self, name: &'static str, description: &'static str) -> Self {
        self.parameter::<T>("query", name, description, true)
    }

    /// With a part of the query.
    #[must_use]
    pub fn query<T: JsonSchema>(self, name: &'static str, description: &'static str) -> Self {
        self.parameter::<T>("query", name, description, false)
    }

    /// With a header.
    #[must_use]
    pub fn header<T: JsonSchema>(self, name: &'static str, description: &'static str) -> Self {
        self.parameter::<T>("header", name, description, false)
    }

    /// With the page of a list.
    #[must_use]
    pub fn paged(self) -> Self {
        self.query::<LimitNumber>("limit", "Items of the page at most")
            .query::<CursorText>("cursor", "Where the page begins, from the one before")
    }

    /// Answered with JSON.
    #[must_use]
    pub fn answers<T: JsonSchema>(mut self, status: u16, description: &'static str) -> Self {
        let content = Content::Json(schema_of::<T>);
        self.answers.push(Answer { status, description, content });
        self
    }

    /// Answered with something else, of this media type.
    #[must_use]
    pub fn answers_text(
        mut self,
        status: u16,
        media_type: &'static str,
        description: &'static str,
    ) -> Self {
        let content = Content::Text(media_type);
        self.answers.push(Answer { status, description, content });
        self
    }

    /// Answered with a problem.
    #[must_use]
    pub fn problem(mut self, status: u16, description: &'static str) -> Self {
        self.answers.push(Answer { status, description, content: Content::Problem });
        self
    }

    fn parameter<T: JsonSchema>(
        mut self,
        place: &'static str,
        name: &'static str,
        description: &'static str,
        required: bool,
    ) -> Self {
        let (schema, example) = (schema_of::<T>, None);
        self.parameters.push(Parameter { place, name, description, required, schema, example });
        self
    }
}

/// What every process answers, besides its own.
#[must_use]
pub fn standing() -> Vec<Operation> {
    let all = [
        Operation::plain(Access::Anybody, "get", "/livez", "Whether the process runs")
            .answers_text(200, "text/plain", "It runs"),
        Operation::plain(Access::OnThisMachine, "get", "/readyz", "Whether it does its work")
            .query::<VerboseText>("verbose", "Say also whether all is in two places: redundant")
            .answers::<AnyObject>(200, "It does")
            .problem(503, "It does not; the detail says why"),
        Operation::plain(Scope::Read, "get", "/status", "How it stands")
            .answers::<AnyObject>(200, "How it stands"),
        Operation::plain(Access::OnThisMachine, "get", "/metrics", "Metrics, for Prometheus")
            .answers_text(200, "text/plain", "All metrics"),
    ];
    all.into_iter().map(|operation| operation.tagged(tags::PROCESS)).collect()
}

/// `/openapi.json`, `/docs` and `/problems`.
#[must_use]
pub fn routes(document: Document) -> Routes {
    let problems = catalogue::routes(document.problems().clone());
    page::routes(document).or(problems).unify().boxed()
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Describes a text, or a number, that only a query or a header holds: a name, and its JSON Schema.
#[macro_export]
macro_rules! described_text {
    ($name:ident, $schema:tt) => {
        struct $name;

        impl ::schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!($schema)
            }
        }
    };
}

described_text!(TokenText, {
    "type": "string",
    "pattern": "^(CUSTOMER|PRODUCT|ORDER|INVENTORY|PAYMENT|SHIPPING)=[0-9]{1,18}$"
});
described_text!(KeyText, {
    "type": "string",
    "pattern": "^([!#$&-~]{1,128}|\"[!#$&-\\[\\]-~]{1,128}\")$"
});
described_text!(DurabilityText, { "type": "string", "enum": ["replicated", "local"] });
described_text!(TagsText, {
    "type": "string",
    "pattern": "^(\\*|(W/)?\"[!#-~]*\"(, *(W/)?\"[!#-~]*\")*)$"
});
described_text!(DateText, {
    "type": "string",
    "pattern": "^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$"
});
described_text!(CursorText, { "type": "string", "pattern": "^([0-9a-f]{2})+$" });
described_text!(VerboseText, { "type": "string", "maxLength": 8 });
described_text!(LimitNumber, { "type": "integer", "minimum": 1, "maximum": 500 });
