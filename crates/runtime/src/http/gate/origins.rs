//! Pages of other origins that may ask here: of a page that another process of the system serves, and that
//! acts on what this one owns. Which those are is configured, and none is unless it is named.
//!
//! Deliberately absent: patterns. Whoever may ask is named whole, and `*` is nobody.

use std::str::FromStr;

use warp::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW,
    HeaderMap, HeaderValue, ORIGIN, VARY,
};
use warp::http::uri::Authority;
use warp::reply::Response;

/// What a page may send besides what every page may.
const TAKEN: HeaderValue = HeaderValue::from_static(
    "content-type, idempotency-key, if-match, if-none-match, murmur-token, murmur-require-durability",
);

/// What a page may read of an answer besides what every page may.
const TOLD: HeaderValue =
    HeaderValue::from_static("etag, link, location, retry-after, murmur-token, murmur-durability");

/// Seconds for which a browser need not ask again whether it may ask.
const ASKED_AGAIN_SECONDS: HeaderValue = HeaderValue::from_static("600");

/// Where a page is from, such as `https://shop.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOrigin {
    text: String,
    authority: Authority,
}

/// A text that is no origin.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no origin: use one such as http://127.0.0.1:8080, without a path")]
pub struct InvalidOrigin(String);

impl WebOrigin {
    /// Where its page is served.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }
}

/// The page that has asked, if it is one of these.
pub(super) fn asking<'a>(known: &'a [WebOrigin], headers: &HeaderMap) -> Option<&'a WebOrigin> {
    let mut sent = headers.get_all(ORIGIN).iter();
    let (Some(origin), None) = (sent.next(), sent.next()) else { return None };
    known.iter().find(|known| known.text.as_bytes().eq_ignore_ascii_case(origin.as_bytes()))
}

/// Lets the page read the answer; where some page may, whoever keeps answers is told that they differ.
pub(in crate::http) fn complete(
    mut response: Response,
    known: &[WebOrigin],
    asked: Option<&WebOrigin>,
) -> Response {
    if known.is_empty() {
        return response;
    }
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    let origin = asked.and_then(|origin| HeaderValue::from_str(&origin.text).ok());
    let Some(origin) = origin else { return response };
    let methods = headers.get(ALLOW).cloned();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, TOLD);
    // The answer to OPTIONS, which a browser sends before what changes something.
    if let Some(methods) = methods {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, TAKEN);
        headers.insert(ACCESS_CONTROL_MAX_AGE, ASKED_AGAIN_SECONDS);
    }
    response
}

impl FromStr for WebOrigin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || InvalidOrigin(text.to_owned());
        let text = text.trim().to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let authority: Authority = rest.parse().map_err(|_| wrong())?;
        let default = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => return Err(wrong()),
        };
        // Browsers leave out the scheme's own port, and would never send one with it.
        if rest.contains('@') || authority.host().is_empty() || authority.port_u16() == default {
            return Err(wrong());
        }
        Ok(Self { authority, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str) -> Vec<WebOrigin> {
        vec![text.parse().unwrap()]
    }

    fn sent(origins: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for text in origins {
            headers.append(ORIGIN, HeaderValue::from_static(text));
        }
        headers
    }

    #[test]
    fn only_a_page_that_is_named_whole_may_ask() {
        let known = known("http://127.0.0.1:8080");
        assert!(asking(&known, &sent(&["http://127.0.0.1:8080"])).is_some());
        for other in [
            &[][..],
            &["http://127.0.0.1:8081"],
            &["https://127.0.0.1:8080"],
            &["http://localhost:8080"],
            &["null"],
            &["*"],
            &["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
            &["http://127.0.0.1:8080.evil.example"],
        ] {
            assert!(asking(&known, &sent(other)).is_none(), "{other:?}");
        }
    }

    #[test]
    fn an_answer_names_the_page_that_may_read_it_and_nobody_else() {
        let known = known("https://shop.example");
        let mut options = Response::default();
        options.headers_mut().insert(ALLOW, HeaderValue::from_static("POST, OPTIONS"));
        let answer = complete(options, &known, known.first());
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "https://shop.example");
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_METHODS], "POST, OPTIONS");
        let to_others = complete(Response::default(), &known, None);
        assert_eq!(to_others.headers()[VARY], "origin");
        assert!(!to_others.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
        assert!(complete(Response::default(), &[], None).headers().is_empty());
    }

    #[test]
    fn origins_are_given_plainly() {
        assert_eq!("HTTP://Shop.Example".parse::<WebOrigin>().unwrap().text, "http://shop.example");
        for wrong in [
            "",
            "*",
            "null",
            "shop.example",
            "ftp://shop.example",
            "http://",
            "http://a/b",
            "http://a/",
            "http://u@a",
            "http://a:80",
            "https://a:443",
        ] {
            assert!(wrong.parse::<WebOrigin>().is_err(), "{wrong:?}");
        }
    }
}
