//! One kept answer: what depends on its keys alone, and how it looks beside a position.
//!
//! An answer ends with its freshness, which changes with every batch of events. So the two are
//! kept apart: the same content, put together with what the last poll has seen, says exactly how
//! much it has seen. The tag is of the content alone, and weak, since the freshness differs.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use runtime::http::{Response, StatusCode, TOKEN_HEADER};
use runtime::warp::http::{HeaderMap, HeaderValue, header};

use super::seen::Seen;
use crate::answers::freshness::{beside, content_of, tag_of};
use crate::positions::Positions;

/// What an answer takes besides its bytes, roughly.
const OVERHEAD_BYTES: usize = 1_024;

/// An answer, and what it was made from.
pub(super) struct Answer {
    pub(super) keys: BTreeSet<Arc<str>>,
    /// Where the read model stood when it was made: no earlier position may be claimed for it.
    positions: Positions,
    /// The JSON up to its freshness.
    content: Bytes,
    headers: HeaderMap,
    expires: Option<Instant>,
    used: AtomicBool,
    rendered: Mutex<Option<Arc<Rendered>>>,
}

/// An answer as it is sent, as long as the poll sees the same.
struct Rendered {
    version: u64,
    body: Bytes,
    headers: HeaderMap,
}

impl Answer {
    /// Understands a complete answer; nothing if its freshness does not stand last.
    pub(super) fn of(
        headers: &HeaderMap,
        body: &Bytes,
        keys: BTreeSet<String>,
        positions: Positions,
        expires: Option<Instant>,
    ) -> Option<Self> {
        let content = content_of(body)?;
        let mut headers = headers.clone();
        headers.remove(TOKEN_HEADER);
        headers.remove(header::CACHE_CONTROL);
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::ETAG, HeaderValue::try_from(tag_of(&content)).ok()?);
        Some(Self {
            keys: keys.into_iter().map(Arc::from).collect(),
            positions,
            content,
            headers,
            expires,
            used: AtomicBool::new(false),
            rendered: Mutex::default(),
        })
    }

    /// The response beside what was seen; nothing if the answer knows more than that, or is too old.
    pub(super) fn beside(&self, seen: &Seen) -> Option<Response> {
        if self.expires.is_some_and(|expires| Instant::now() >= expires) {
            return None;
        }
        let rendered = self.rendered(seen)?;
        let (headers, body) = (rendered.headers.clone(), rendered.body.clone());
        self.used.store(true, Ordering::Relaxed);
        Some(respond(StatusCode::OK, headers, body))
    }

    fn rendered(&self, seen: &Seen) -> Option<Arc<Rendered>> {
        let mut rendered = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rendered) = rendered.as_ref().filter(|last| last.version == seen.version) {
            return Some(Arc::clone(rendered));
        }
        if !seen.positions.covers(&self.positions) {
            return None;
        }
        let fresh = Arc::new(self.render(seen));
        *rendered = Some(Arc::clone(&fresh));
        Some(fresh)
    }

    fn render(&self, seen: &Seen) -> Rendered {
        let body = beside(&self.content, &seen.freshness);
        let mut headers = self.headers.clone();
        headers.insert(TOKEN_HEADER, seen.token.clone());
        if !seen.complete {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Rendered { version: seen.version, body, headers }
    }

    /// The tag of its content.
    pub(super) fn tag(&self) -> Option<&HeaderValue> {
        self.headers.get(header::ETAG)
    }

    /// Roughly what it takes: the content, and the content once more as it was last sent.
    pub(super) fn bytes(&self) -> usize {
        2 * self.content.len()
            + self.keys.iter().map(|key| key.len()).sum::<usize>()
            + OVERHEAD_BYTES
    }

    /// Whether it was asked for since the last time that this was called.
    pub(super) fn was_used(&self) -> bool {
        self.used.swap(false, Ordering::Relaxed)
    }
}

/// A response. Whether the client has it already is the server's to see.
pub(super) fn respond(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

#[cfg(test)]
impl Answer {
    pub(super) fn for_tests(
        keys: BTreeSet<String>,
        positions: Positions,
        content: Vec<u8>,
    ) -> Self {
        let body = [b"{\"content\":\"", &content[..], b"\",\"freshness\":{}}"].concat();
        Self::of(&HeaderMap::new(), &body.into(), keys, positions, None).unwrap()
    }

    pub(super) fn mark_used(&self) -> bool {
        self.used.store(true, Ordering::Relaxed);
        true
    }
}
