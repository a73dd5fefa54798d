//! From a request to a command: its body, parsed, and what its headers ask for.

use std::str::FromStr;

use bytes::{Buf, Bytes, BytesMut};
use engine::Preconditions;
use futures_util::StreamExt as _;
use protocol::idempotency::InvalidIdempotencyKey;
use protocol::{Idempotency, IdempotencyKey};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use warp::filters::path::FullPath;
use warp::http::Method;
use warp::http::header::{CONTENT_LENGTH, HeaderMap};
use warp::{Filter, Rejection};

use super::problem::kinds;
use super::server::Origin;
use super::{
    Caller, IDEMPOTENCY_KEY_HEADER, Problem, REQUIRE_DURABILITY_HEADER, TOKEN_HEADER, auth, page,
    precondition,
};
use crate::token::Token;

/// Largest body of a request. An event made of it has to fit a message of the broker, 1 MiB by
/// default, with everything that the event adds.
pub const BODY_BYTES_MAX: usize = 512 * 1024;

/// What is kept of the hash of a caller's name: enough to tell the callers of one system apart.
const CALLER_HASH_BYTES: usize = 8;

const TRACEPARENT_HEADER: &str = "traceparent";

/// A command and its body, or why its headers cannot be taken.
type Whole = Result<(CommandRequest, Bytes), Problem>;

/// What comes with a command besides what is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandRequest {
    /// The client's key, and the hash over method, path and body, and over who asks.
    pub idempotency: Option<Idempotency>,
    /// The W3C trace that the request belongs to.
    pub traceparent: Option<String>,
    /// How much must have been seen before the command is decided.
    pub after: Token,
    /// What must hold of the thing that the command would change.
    pub preconditions: Preconditions,
    /// Whether an answer that is kept only here is of no use to the client.
    pub require_replicated: bool,
}

/// Extracts a command with a JSON body. Put it after method and path: a route that fails here is
/// this route, and not another one.
pub fn command<T: DeserializeOwned + Send>()
-> impl Filter<Extract = (CommandRequest, T), Error = Rejection> + Clone + Send + Sync + 'static {
    request()
        .and_then(|whole: Whole| async move {
            let parsed = whole.and_then(|(request, body)| Ok((request, parse_json(&body)?)));
            parsed.map_err(warp::reject::custom)
        })
        .untuple_one()
}

/// Extracts a command that has no body.
pub fn bodyless_command()
-> impl Filter<Extract = (CommandRequest,), Error = Rejection> + Clone + Send + Sync + 'static {
    request().and_then(|whole: Whole| async move {
        let parsed = whole.and_then(|(request, body)| check_empty(&body).map(|()| request));
        parsed.map_err(warp::reject::custom)
    })
}

/// Extracts the consistency token of a read; an empty one if none is sent.
pub fn token() -> impl Filter<Extract = (Token,), Error = Rejection> + Clone + Send + Sync + 'static
{
    warp::header::headers_cloned().and_then(|headers: HeaderMap| async move {
        let token = parsed_header::<Token>(&headers, TOKEN_HEADER);
        token.map(Option::unwrap_or_default).map_err(warp::reject::custom)
    })
}

impl CommandRequest {
    /// Reads the headers of a command.
    ///
    /// # Errors
    /// When one of them does not make sense; it is named.
    pub fn parse(
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, Problem> {
        let key = idempotency_key(headers)?;
        let idempotency =
            key.map(|key| Idempotency { key, request_hash: request_hash(method, path, body) });
        let require_replicated = match header(headers, REQUIRE_DURABILITY_HEADER)? {
            None | Some("local") => false,
            Some("replicated") => true,
            Some(other) => {
                let detail = format!("{other:?} is neither replicated nor local");
                return Err(wrong_header(REQUIRE_DURABILITY_HEADER, &detail));
            }
        };
        // As the standard asks: a trace that does not parse is ignored.
        let traceparent = header(headers, TRACEPARENT_HEADER).ok().flatten();
        Ok(Self {
            idempotency,
            traceparent: traceparent.filter(|text| is_traceparent(text)).map(str::to_owned),
            after: parsed_header(headers, TOKEN_HEADER)?.unwrap_or_default(),
            preconditions: precondition::preconditions(headers)?,
            require_replicated,
        })
    }

    /// With who asks, where that is known: its key is then nobody else's.
    fn asked_by(self, caller: &Caller) -> Self {
        let Some(entry) = caller.entry() else { return self };
        let hash = Sha256::digest(&*entry.name);
        let caller = page::hexadecimal(&hash[..CALLER_HASH_BYTES]);
        let idempotency = self.idempotency.map(|idempotency| idempotency.asked_by(&caller));
        Self { idempotency, ..self }
    }
}

/// The whole request, whatever its body is.
fn request() -> impl Filter<Extract = (Whole,), Error = Rejection> + Clone {
    let head = warp::method().and(warp::path::full()).and(warp::header::headers_cloned());
    head.and(auth::caller()).and(body()).map(
        |method: Method, path: FullPath, headers: HeaderMap, caller, body: Bytes| -> Whole {
            let request = CommandRequest::parse(&method, path.as_str(), &headers, &body)?;
            Ok((request.asked_by(&caller), body))
        },
    )
}

/// The whole body, up to the limit; what is announced as larger is not even read.
fn body() -> impl Filter<Extract = (Bytes,), Error = Rejection> + Clone {
    let announced = warp::header::optional::<u64>(CONTENT_LENGTH.as_str());
    let origin = warp::ext::optional::<Origin>();
    announced.and(origin).and(warp::body::stream()).and_then(
        |announced: Option<u64>, origin: Option<Origin>, stream| async move {
            if announced.is_some_and(|length| length > BODY_BYTES_MAX as u64) {
                return Err(warp::reject::custom(too_large()));
            }
            let body = match &origin {
                Some(origin) => tokio::time::timeout(origin.body_within(), collect(stream))
                    .await
                    .unwrap_or_else(|_| Err(too_slow())),
                None => collect(stream).await,
            };
            origin.iter().for_each(Origin::answers);
            body.map_err(warp::reject::custom)
        },
    )
}

async fn collect(
    stream: impl futures_util::Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<Bytes, Problem> {
    let mut stream = std::pin::pin!(stream);
    let mut whole = BytesMut::new();
    while let Some(part) = stream.next().await {
        let mut part =
            part.map_err(|error| Problem::new(&kinds::UNREADABLE_BODY).detail(error.to_string()))?;
        if whole.len() + part.remaining() > BODY_BYTES_MAX {
            return Err(too_large());
        }
        if whole.is_empty() && part.chunk().len() == part.remaining() {
            whole = BytesMut::from(part.chunk());
            continue;
        }
        while part.has_remaining() {
            let chunk = part.chunk();
            whole.extend_from_slice(chunk);
            let length = chunk.len();
            part.advance(length);
        }
    }
    Ok(whole.freeze())
}

/// Reads a body.
///
/// # Errors
/// When it is not what is expected, with the place where it is not.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        Problem::new(&kinds::BAD_JSON)
            .detail(error.to_string())
            .with("line", error.line())
            .with("column", error.column())
    })
}

/// What is in a body that nobody reads must not look as if it had been taken.
fn check_empty(body: &[u8]) -> Result<(), Problem> {
    if [&b""[..], b"{}", b"null"].contains(&body.trim_ascii()) {
        return Ok(());
    }
    Err(Problem::new(&kinds::BAD_JSON).detail("this command takes no body: send none, or {}"))
}

/// A key as it is, or in quotes, as a structured field writes a text (RFC 8941).
fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(text) = header(headers, IDEMPOTENCY_KEY_HEADER)? else { return Ok(None) };
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let key = quoted.unwrap_or(text).parse().map(Some);
    key.map_err(|error: InvalidIdempotencyKey| {
        wrong_header(IDEMPOTENCY_KEY_HEADER, &error.to_string())
    })
}

fn parsed_header<T: FromStr<Err: std::fmt::Display>>(
    headers: &HeaderMap,
    name: &'static str,
) -> Result<Option<T>, Problem> {
    let Some(text) = header(headers, name)? else { return Ok(None) };
    let parsed = text.parse().map(Some);
    parsed.map_err(|error: T::Err| wrong_header(name, &error.to_string()))
}

/// The one value of a header. Two of them would leave open which one counts.
fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(wrong_header(name, "it was sent more than once"));
    }
    value.to_str().map(Some).map_err(|_| wrong_header(name, "it is not visible ASCII"))
}

/// The problem of a header that cannot be taken as it is.
pub(super) fn wrong_header(name: &str, why: &str) -> Problem {
    Problem::new(&kinds::BAD_HEADER).detail(format!("{name}: {why}")).with("header", name)
}

fn too_slow() -> Problem {
    Problem::new(&kinds::SLOW_BODY)
        .detail("send it at once, or in parts that follow each other sooner")
}

fn too_large() -> Problem {
    Problem::new(&kinds::BODY_TOO_LARGE)
        .detail(format!("{BODY_BYTES_MAX} bytes are the limit"))
        .with("bytes_max", BODY_BYTES_MAX)
}

/// SHA-256 over what is asked. A method and a path hold no line break, so that the parts cannot
/// run into each other.
fn request_hash(method: &Method, path: &str, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(method.as_str());
    hash.update("\n");
    hash.update(path);
    hash.update("\n");
    hash.update(body);
    page::hexadecimal(&hash.finalize())
}

/// `version-traceid-parentid-flags`, all lower case hexadecimal.
fn is_traceparent(text: &str) -> bool {
    let hexadecimal = |part: &str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [2, 32, 16, 2] && parts.into_iter().all(hexadecimal)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use warp::http::header::HeaderValue;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        #[allow(dead_code, reason = "only whether it parses is asked")]
        quantity: u32,
    }

    fn parse(headers: &[(&'static str, &'static str)]) -> Result<CommandRequest, Problem> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        CommandRequest::parse(&Method::POST, "/orders", &map, b"{}")
    }

    #[test]
    fn headers_ask_for_what_they_say() {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let request = parse(&[
            ("idempotency-key", "\"k-1\""),
            ("traceparent", trace),
            ("murmur-token", "CUSTOMER=3"),
            ("murmur-require-durability", "replicated"),
        ]);
        let request = request.unwrap();
        let bare = parse(&[("idempotency-key", "k-1")]).unwrap();
        assert_eq!(request.idempotency, bare.idempotency);
        assert_eq!(request.idempotency.unwrap().request_hash.len(), 64);
        assert_eq!(request.traceparent.as_deref(), Some(trace));
        assert_eq!(request.after.to_string(), "CUSTOMER=3");
        assert!(request.require_replicated);
    }

    #[test]
    fn headers_that_make_no_sense_are_named() {
        for headers in [
            &[("idempotency-key", "a b")][..],
            &[("idempotency-key", "\"a")],
            &[("idempotency-key", "\"a\";b")],
            &[("idempotency-key", "a"), ("idempotency-key", "b")],
            &[("murmur-token", "nonsense")],
            &[("murmur-require-durability", "eternal")],
        ] {
            let problem = parse(headers).unwrap_err();
            assert_eq!(problem.extensions["header"], headers[0].0);
        }
        assert_eq!(parse(&[("traceparent", "nonsense")]).unwrap().traceparent, None);
    }

    #[test]
    fn another_body_path_or_method_is_another_request() {
        let one = request_hash(&Method::POST, "/orders", b"{}");
        assert_ne!(one, request_hash(&Method::PUT, "/orders", b"{}"));
        assert_ne!(one, request_hash(&Method::POST, "/order", b"s{}"));
        assert_ne!(one, request_hash(&Method::POST, "/orders", b"{ }"));
    }

    #[test]
    fn bad_json_is_refused_with_its_place() {
        let parse = |body: &str| parse_json::<Asked>(body.as_bytes());
        assert!(parse(r#"{"quantity":1}"#).is_ok());
        let problem = parse("{\n \"quantity\": x}").unwrap_err();
        assert_eq!((&problem.extensions["line"], problem.status.as_u16()), (&2.into(), 400));
        let unknown = parse(r#"{"quantity":1,"color":"red"}"#).unwrap_err();
        assert!(unknown.detail.unwrap().contains("color"));
    }
}
