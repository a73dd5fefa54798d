//! Answers to reads, compressed with gzip for whoever takes that (`Accept-Encoding`).
//!
//! The compressed bytes are another representation, so they have an ETag of their own: that of the plain
//! ones with a suffix, and as strong. A tag with the suffix that a client sends names the same state
//! as one without, so `If-Match` and `If-None-Match` work with either. (A weak tag would not do: `If-Match`
//! takes none.)
//!
//! Deliberately absent: streams, such as server-sent events, whose parts would wait for each other; what
//! takes one packet anyway; other encodings, since everybody knows gzip; and what commands answer, which is
//! small.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use warp::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, IF_MATCH,
    IF_NONE_MATCH, VARY,
};
use warp::http::{HeaderValue, Method, StatusCode};
use warp::reply::Response;

/// Least size of a body, in bytes, for which that is worth while: less fits into one packet.
const BYTES_MIN: u64 = 1_024;

/// From this size on, in bytes, another thread compresses: it takes more than half a millisecond.
const BYTES_MIN_ELSEWHERE: usize = 64 * 1024;

/// What the tag of a compressed representation has more, before the quote that ends it.
const TAG_SUFFIX: &str = "-gzip";

/// What a client takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    is_read: bool,
    takes_gzip: bool,
}

impl Asked {
    /// By a request, in which tags are from now on those of the plain representations.
    pub(super) fn of(method: &Method, headers: &mut HeaderMap) -> Self {
        for name in [IF_MATCH, IF_NONE_MATCH] {
            let plain: Vec<HeaderValue> = headers.get_all(&name).iter().map(plain_tags).collect();
            headers.remove(&name);
            for value in plain {
                headers.append(&name, value);
            }
        }
        let is_read = [Method::GET, Method::HEAD].contains(method);
        Self { is_read, takes_gzip: takes_gzip(headers) }
    }

    /// Whether the answer will be compressed; with that it differs by what a client takes is said.
    pub(super) fn decide(self, response: &mut Response) -> bool {
        if !self.is_read || !is_worthwhile(response) {
            return false;
        }
        response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
        self.takes_gzip
    }
}

/// The answer, compressed if that was decided; a 304 then names the compressed representation.
pub(super) async fn complete(mut response: Response, decided: bool) -> Response {
    if !decided || ![StatusCode::OK, StatusCode::NOT_MODIFIED].contains(&response.status()) {
        return response;
    }
    if let Some(tag) = response.headers().get(ETAG).and_then(suffixed) {
        response.headers_mut().insert(ETAG, tag);
    }
    if response.status() == StatusCode::NOT_MODIFIED {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(plain) = body.collect().await else {
        // Bodies that are there already do not break off.
        return super::Problem::defect("the body of an answer broke off").into_response();
    };
    let compressed = compressed(plain.to_bytes()).await;
    parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, compressed.into())
}

async fn compressed(plain: Bytes) -> Bytes {
    if plain.len() < BYTES_MIN_ELSEWHERE {
        return gzip(&plain);
    }
    let again = plain.clone();
    let elsewhere = tokio::task::spawn_blocking(move || gzip(&plain)).await;
    elsewhere.unwrap_or_else(|_| gzip(&again))
}

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), Compression::fast());
    // Nothing that is written into memory fails.
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.unwrap_or_default().into()
}

/// Whether it is text that is there as a whole, and more than a little of it.
fn is_worthwhile(response: &Response) -> bool {
    let headers = response.headers();
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    let is_text = kind.starts_with("text/") && kind != "text/event-stream"
        || ["application/json", "application/problem+json", "image/svg+xml"].contains(&kind);
    let is_large = || response.body().size_hint().exact().is_some_and(|bytes| bytes >= BYTES_MIN);
    response.status() == StatusCode::OK
        && is_text
        && !headers.contains_key(CONTENT_ENCODING)
        && is_large()
}

/// Whether gzip is named, or anything is, and with a weight above 0 (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut by_any = false;
    for coding in lines.flat_map(|line| line.split(',')) {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
        let is_taken = weight.is_some_and(|weight: f32| weight > 0.0);
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return is_taken,
            "*" => by_any = is_taken,
            _ => {}
        }
    }
    by_any
}

fn suffixed(tag: &HeaderValue) -> Option<HeaderValue> {
    let opaque = tag.to_str().ok()?.strip_suffix('"')?;
    HeaderValue::try_from(format!("{opaque}{TAG_SUFFIX}\"")).ok()
}

fn plain_tags(tags: &HeaderValue) -> HeaderValue {
    let plain = tags.to_str().ok().map(|tags| tags.replace(&format!("{TAG_SUFFIX}\""), "\""));
    plain.and_then(|tags| HeaderValue::try_from(tags).ok()).unwrap_or_else(|| tags.clone())
}

#[cfg(test)]
mod tests;
