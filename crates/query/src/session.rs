//! `/session`: signs the browser in that shows the page, by a token or by a code that stands for one.
//!
//! A page sends no headers with what it listens to, so it is known by a cookie. A link with a code
//! signs in once; whoever has a token gets such codes, for a browser that shall not see the token.

use std::sync::Arc;

use contracts::problems;
use runtime::http::auth::caller::Caller;
use runtime::http::auth::tokens::Entry;
use runtime::http::auth::{Guard, code};
use runtime::http::server::Routes;
use runtime::http::{CommandRequest, Problem, Response, StatusCode, bodyless_command, caller};
use runtime::http::{command, json};
use runtime::warp::http::header::{ORIGIN, SET_COOKIE};
use runtime::warp::http::uri::Authority;
use runtime::warp::http::{HeaderMap, HeaderValue};
use runtime::warp::{self, Filter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who has signed in.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Who<'a> {
    /// None where nobody has to.
    name: Option<&'a str>,
    scopes: Vec<&'static str>,
}

/// A code that signs in once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewCode {
    /// None where nobody has to sign in.
    code: Option<String>,
    good_for_seconds: u64,
}

/// The body of a sign-in by a link.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByCode {
    code: String,
}

/// What of a request a cookie depends on.
#[derive(Clone, Debug)]
struct Site {
    host: Option<Authority>,
    over_tls: bool,
}

/// The routes. Who asks has passed the guard.
#[must_use]
pub fn routes(guard: Guard) -> Routes {
    let with = warp::any().map(move || guard.clone());
    let site = warp::host::optional().and(warp::header::headers_cloned()).map(Site::of);
    let shown = warp::path!("session").and(warp::get()).and(caller());
    let shown = shown.map(|caller: Caller| json(StatusCode::OK, &who(caller.entry())));
    let by_token = warp::path!("session").and(warp::post()).and(bodyless_command());
    let by_token = by_token.and(caller()).and(site).and(with.clone());
    let by_token = by_token.map(|_: CommandRequest, caller: Caller, site, guard| {
        signed_in(caller.entry(), &site, &guard)
    });
    let by_code = warp::path!("session" / "by-code").and(warp::post()).and(command::<ByCode>());
    let by_code = by_code.and(site).and(with.clone());
    let by_code = by_code.map(|_: CommandRequest, ByCode { code }: ByCode, site, guard| {
        signed_in_by_code(&code, &site, &guard)
    });
    let codes = warp::path!("session" / "codes").and(warp::post()).and(bodyless_command());
    let codes = codes.and(caller()).and(with);
    let codes = codes.map(|_: CommandRequest, caller: Caller, guard| new_code(&caller, &guard));
    shown.or(by_token).unify().or(by_code).unify().or(codes).unify().boxed()
}

fn signed_in(entry: Option<&Arc<Entry>>, site: &Site, guard: &Guard) -> Response {
    let mut response = json(StatusCode::OK, &who(entry));
    let cookie = entry.and_then(|entry| site.cookie(entry, guard));
    response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    response
}

fn signed_in_by_code(code: &str, site: &Site, guard: &Guard) -> Response {
    let Some((tokens, sessions)) = guard.tokens().zip(guard.sessions()) else {
        return signed_in(None, site, guard);
    };
    let entry = sessions.take_code(code).and_then(|hash| tokens.find_hash(&hash));
    if entry.is_some() {
        return signed_in(entry.as_ref(), site, guard);
    }
    let detail =
        "it was followed before, or is older than some minutes: `murmur page` prints another";
    Problem::new(&problems::UNKNOWN_CODE).detail(detail).into_response()
}

fn new_code(caller: &Caller, guard: &Guard) -> Response {
    let code = caller.entry().zip(guard.sessions());
    match code.map(|(entry, sessions)| sessions.give_code(entry)).transpose() {
        Ok(code) => {
            json(StatusCode::CREATED, &NewCode { code, good_for_seconds: code::GOOD_FOR.as_secs() })
        }
        Err(error) => Problem::defect(&error.to_string()).into_response(),
    }
}

fn who(entry: Option<&Arc<Entry>>) -> Who<'_> {
    let scopes = entry.map(|entry| entry.scopes).into_iter().flat_map(|scopes| scopes.iter());
    Who {
        name: entry.map(|entry| &*entry.name),
        scopes: scopes.map(|scope| scope.name()).collect(),
    }
}

impl Site {
    fn of(host: Option<Authority>, headers: HeaderMap) -> Self {
        let origin = headers.get(ORIGIN);
        Self {
            host,
            over_tls: origin.is_some_and(|origin| origin.as_bytes().starts_with(b"https:")),
        }
    }

    fn cookie(&self, entry: &Entry, guard: &Guard) -> Option<HeaderValue> {
        guard.sessions()?.sign_in(entry, self.host.as_ref()?, self.over_tls)
    }
}
