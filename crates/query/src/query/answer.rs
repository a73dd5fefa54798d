//! What a query answers, and how that looks once it is said how fresh it is.

use bytes::Bytes;
use runtime::http::{PageRequest, Problem, Response, TOKEN_HEADER};
use runtime::warp::http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::freshness::Freshness;
use crate::positions::Positions;
use crate::reader::Look;

/// What the read model is doing, in answers whose body does not say it.
const STATE_HEADER: &str = "murmur-state";

/// How many rows the read model is behind, in answers whose body does not say it.
const BEHIND_HEADER: &str = "murmur-behind";

/// What comes between the members of a content and its freshness.
const FRESHNESS_MEMBER: &[u8] = b",\"freshness\":";

/// What was answered, and from what.
#[derive(Clone, Debug)]
pub struct Answer<T = Content> {
    /// What was answered.
    pub content: T,
    /// The whole keys in Redis that it was made from: while none of them changes, neither does it.
    pub dependencies: Vec<String>,
    /// Of which prefix of the streams it is the fold.
    pub positions: Positions,
}

/// What depends on an answer's keys alone: body and headers, all but how fresh they are.
#[derive(Clone, Debug)]
pub struct Content {
    body: Bytes,
    headers: HeaderMap,
    place: FreshnessPlace,
}

/// Where it stands how fresh an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FreshnessPlace {
    /// It is the last member of the JSON.
    Body,
    /// In headers, so that the body stays the same while others change.
    Headers,
}

/// How fresh an answer is, as it is written into answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stamp {
    json: Bytes,
    token: HeaderValue,
    state: &'static str,
    behind: u64,
    is_complete: bool,
}

/// An answer as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl<T> Answer<T> {
    /// What was made from a look.
    pub(crate) fn of(look: Look, content: T) -> Self {
        let Look { dependencies, positions, .. } = look;
        Self { content, dependencies, positions }
    }

    /// The same, said otherwise.
    pub(crate) fn map<U, E>(self, change: impl FnOnce(T) -> Result<U, E>) -> Result<Answer<U>, E> {
        let Self { content, dependencies, positions } = self;
        Ok(Answer { content: change(content)?, dependencies, positions })
    }
}

impl<T: Serialize> Answer<T> {
    /// As JSON, in which the freshness comes last.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn into_json(self) -> Result<Answer, Problem> {
        self.map(|content| Content::json(&content))
    }
}

impl Content {
    /// A JSON object, which ends with its freshness.
    pub(crate) fn json(content: &impl Serialize) -> Result<Self, Problem> {
        let mut json = serialize(content)?;
        if json.pop() != Some(b'}') {
            return Err(Problem::defect("an answer is no JSON object"));
        }
        json.extend_from_slice(FRESHNESS_MEMBER);
        Ok(Self::new(json, "application/json", FreshnessPlace::Body))
    }

    /// JSON whose freshness stands in headers, with the tag of the body.
    pub(crate) fn tagged_json(content: &impl Serialize) -> Result<Self, Problem> {
        let json = serialize(content)?;
        let tag = tag_of(&json);
        let content = Self::new(json, "application/json", FreshnessPlace::Headers);
        Ok(content.with(header::ETAG, &tag))
    }

    /// Another text, whose freshness stands in headers.
    pub(crate) fn text(text: Vec<u8>, media_type: &'static str) -> Self {
        Self::new(text, media_type, FreshnessPlace::Headers)
    }

    fn new(body: Vec<u8>, media_type: &'static str, place: FreshnessPlace) -> Self {
        let content_type = HeaderValue::from_static(media_type);
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]);
        Self { body: body.into(), headers, place }
    }

    /// With a header. What cannot be one is left out.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        insert(&mut self.headers, name, value);
        self
    }

    /// With a link to the page behind the item with the key `last`, if there is one.
    pub(crate) fn linked(self, page: &PageRequest, last: Option<&str>) -> Self {
        match last {
            Some(last) => self.with(header::LINK, &format!("<{}>; rel=\"next\"", page.next(last))),
            None => self,
        }
    }

    /// With the tag of what stays the same while only the freshness changes. It is weak, since that differs.
    pub(crate) fn tagged(self) -> Self {
        if self.place == FreshnessPlace::Headers || self.headers.contains_key(header::ETAG) {
            return self;
        }
        let tag = format!("W/{}", tag_of(&self.body));
        self.with(header::ETAG, &tag)
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.body.len()
    }

    /// The answer as it is sent. Without a tag of its own, it gets that of the whole body.
    pub(crate) fn render(&self, stamp: &Stamp) -> Rendered {
        let mut headers = self.headers.clone();
        headers.insert(TOKEN_HEADER, stamp.token.clone());
        match self.place {
            FreshnessPlace::Body => {
                let body = Bytes::from([&self.body[..], &stamp.json, b"}"].concat());
                if !headers.contains_key(header::ETAG) {
                    insert(&mut headers, header::ETAG, &tag_of(&body));
                }
                if !stamp.is_complete {
                    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                }
                Rendered { headers, body }
            }
            FreshnessPlace::Headers => {
                headers.insert(STATE_HEADER, HeaderValue::from_static(stamp.state));
                headers.insert(BEHIND_HEADER, stamp.behind.into());
                Rendered { headers, body: self.body.clone() }
            }
        }
    }
}

impl Stamp {
    /// As it is written.
    pub(crate) fn of(freshness: &Freshness) -> Result<Self, Problem> {
        let token = HeaderValue::try_from(freshness.token());
        Ok(Self {
            json: serialize(freshness)?.into(),
            token: token.map_err(|error| Problem::defect(&error.to_string()))?,
            state: freshness.state,
            behind: freshness.behind,
            is_complete: !freshness.is_incomplete(),
        })
    }
}

impl Rendered {
    /// The response. Whether the client has it already is the server's to see.
    pub(crate) fn to_response(&self) -> Response {
        let mut response = Response::new(self.body.clone().into());
        *response.headers_mut() = self.headers.clone();
        response
    }
}

fn serialize(content: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(content).map_err(|error| Problem::defect(&error.to_string()))
}

/// A strong tag.
fn tag_of(bytes: &[u8]) -> String {
    let mut first = [0; 8];
    first.copy_from_slice(&Sha256::digest(bytes)[..8]);
    format!("\"{:016x}\"", u64::from_be_bytes(first))
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
}

#[cfg(test)]
impl Content {
    pub(crate) fn is_the_very_same(&self, other: &Self) -> bool {
        self.body.as_ptr() == other.body.as_ptr()
    }
}
