//! From what a handler has to a response, with the headers that make it a promise.

use protocol::StoredEvent;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use warp::http::header::{CONTENT_TYPE, ETAG, HeaderValue, LINK};
use warp::http::{Response as HttpResponse, StatusCode};
use warp::reply::Response;

use super::page::{self, PageRequest};
use super::{DURABILITY_HEADER, Problem, REPLAYED_HEADER, TOKEN_HEADER};
use crate::command_result::{CommandResult, Promise};

/// A page of a list, as it is sent: the items, and the cursor of the next page.
#[derive(Debug, Serialize)]
struct Page<'a, T> {
    items: &'a [T],
    next: Option<String>,
}

/// A JSON response. A 200 gets an ETag, by which the server answers a conditional GET with 304.
#[must_use]
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let bytes = match serde_json::to_vec(body) {
        Ok(bytes) => bytes,
        Err(error) => return Problem::defect(&error.to_string()).into_response(),
    };
    let etag = (status == StatusCode::OK).then(|| etag(&bytes)).flatten();
    let mut response = HttpResponse::new(bytes.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(etag) = etag {
        headers.insert(ETAG, etag);
    }
    response
}

/// What a command came to, as JSON. It has no ETag: that would name a state of the thing that a read
/// shows, and this is none.
#[must_use]
pub fn result(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = json(status, body);
    response.headers_mut().remove(ETAG);
    response
}

/// One page of a list as `{"items":[..],"next":cursor}`, with a `Link` to the next page. `items`
/// holds up to one more than the page's limit: that there is one more is how a next page is known.
/// `key` is what the list is ordered by.
#[must_use]
pub fn paged<T: Serialize>(
    request: &PageRequest,
    items: &[T],
    key: impl FnOnce(&T) -> String,
) -> Response {
    let shown = &items[..items.len().min(request.limit)];
    let last = if items.len() > request.limit { shown.last().map(key) } else { None };
    let next = last.as_deref().map(page::cursor);
    let mut response = json(StatusCode::OK, &Page { items: shown, next });
    if let Some(last) = last {
        let link = format!("<{}>; rel=\"next\"", request.next(&last));
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().insert(LINK, link);
        }
    }
    response
}

/// The response to a command. `accepted` makes the body from the event alone, so that a repeated
/// request gets the same answer; `unchanged` is asked when nothing had to happen.
pub fn answer<R: Into<Problem>, E>(
    executed: Result<CommandResult<R, E>, Problem>,
    accepted: impl FnOnce(&StoredEvent<E>) -> Response,
    unchanged: impl FnOnce() -> Response,
) -> Response {
    match executed {
        Ok(CommandResult::Accepted { event, repeated, promise }) => {
            let mut response = with_promise(accepted(&event), &promise);
            if repeated {
                response.headers_mut().insert(REPLAYED_HEADER, HeaderValue::from_static("true"));
            }
            response
        }
        Ok(CommandResult::Unchanged { promise }) => with_promise(unchanged(), &promise),
        Ok(CommandResult::Refused(refusal)) => refusal.into().into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// The response with its consistency token, and where the answered change is kept.
#[must_use]
pub fn with_promise(mut response: Response, promise: &Promise) -> Response {
    let headers = response.headers_mut();
    headers.insert(DURABILITY_HEADER, HeaderValue::from_static(promise.durability_name()));
    if let Some(token) = &promise.token
        && let Ok(value) = HeaderValue::try_from(token.to_string())
    {
        headers.insert(TOKEN_HEADER, value);
    }
    response
}

pub(super) fn etag(bytes: &[u8]) -> Option<HeaderValue> {
    let hash = Sha256::digest(bytes);
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    HeaderValue::try_from(format!("\"{:016x}\"", u64::from_be_bytes(first))).ok()
}

#[cfg(test)]
mod tests {
    use engine::promise::Durability;

    use super::*;
    use crate::token::Token;
    use contracts::service;

    #[test]
    fn a_page_links_to_the_next_only_if_there_is_one() {
        let request = PageRequest::parse("/orders", "limit=2").unwrap();
        let full = paged(&request, &["a", "b", "c"], |item| (*item).to_owned());
        assert_eq!(full.headers()[LINK], "</orders?limit=2&cursor=62>; rel=\"next\"");
        let last = paged(&request, &["a", "b"], |item| (*item).to_owned());
        assert!(last.headers().get(LINK).is_none());
    }

    #[test]
    fn only_a_200_has_an_etag() {
        let one = json(StatusCode::OK, &1);
        assert_eq!(one.headers()[ETAG], json(StatusCode::OK, &1).headers()[ETAG]);
        assert_ne!(one.headers()[ETAG], json(StatusCode::OK, &2).headers()[ETAG]);
        assert!(json(StatusCode::CREATED, &1).headers().get(ETAG).is_none());
    }

    #[test]
    fn a_local_answer_has_no_token() {
        let kept = Promise {
            durability: Durability::Replicated,
            token: Some(Token::of(service::ORDER, 7)),
        };
        let response = with_promise(json(StatusCode::OK, &1), &kept);
        assert_eq!(response.headers()[TOKEN_HEADER], "ORDER=7");
        assert_eq!(response.headers()[DURABILITY_HEADER], "replicated");
        let alone = Promise { durability: Durability::Local, token: None };
        let response = with_promise(json(StatusCode::OK, &1), &alone);
        assert!(response.headers().get(TOKEN_HEADER).is_none());
        assert_eq!(response.headers()[DURABILITY_HEADER], "local");
    }
}
