//! What a process asks of who calls it.

use std::net::SocketAddr;
use std::sync::Arc;

use warp::http::Method;
use warp::http::header::{HeaderMap, HeaderValue, ORIGIN, WWW_AUTHENTICATE};
use warp::http::uri::Authority;
use warp::reply::Response;

use super::bearer::{Bearer, Sent};
use super::caller::Caller;
use super::scope::{Access, Scope, Scopes};
use super::session::Sessions;
use super::tokens::{Entry, Tokens};
use crate::http::Problem;
use crate::http::problem::kinds;

/// Asks who is there, or nobody if it has no tokens to compare with.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    tokens: Option<Arc<Tokens>>,
    sessions: Option<Arc<Sessions>>,
    /// Whoever calls is a proxy, and those behind it cannot be told apart.
    is_behind_proxy: bool,
}

/// A request, as far as it says who sends it.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Asking<'a> {
    pub(in crate::http) method: &'a Method,
    pub(in crate::http) headers: &'a HeaderMap,
    /// Where its page is served, at which a browser has signed in: here, unless it is a page of another
    /// origin that may ask here.
    pub(in crate::http) signed_in_at: Option<&'a Authority>,
    pub(in crate::http) from: SocketAddr,
}

/// How who sends a request is known.
enum Known {
    /// By nothing.
    No,
    /// By what is no token, or one that nobody has.
    False,
    /// By its token.
    Token(Arc<Entry>),
    /// By having signed in.
    Session(Arc<Entry>),
}

impl Guard {
    /// One that asks for these tokens; for none, if there are none.
    #[must_use]
    pub(super) const fn new(tokens: Option<Arc<Tokens>>, is_behind_proxy: bool) -> Self {
        Self { tokens, sessions: None, is_behind_proxy }
    }

    /// One that lets browsers in, too, that have signed in.
    #[must_use]
    pub fn with_sessions(self, sessions: Arc<Sessions>) -> Self {
        Self { sessions: Some(sessions), ..self }
    }

    /// What it compares with.
    #[must_use]
    pub const fn tokens(&self) -> Option<&Arc<Tokens>> {
        self.tokens.as_ref()
    }

    /// What it knows browsers by.
    #[must_use]
    pub const fn sessions(&self) -> Option<&Arc<Sessions>> {
        self.sessions.as_ref()
    }

    /// Lets a request through that may do what it is for, with who sends it; or answers it.
    pub(in crate::http) fn admit(
        &self,
        access: Access,
        asking: Asking<'_>,
    ) -> Result<Caller, Box<Response>> {
        let sent = Bearer::sent(asking.headers);
        let from = (!self.is_behind_proxy).then(|| asking.from.ip().to_canonical());
        let Some(tokens) = &self.tokens else {
            return Ok(Caller::unnamed(Scopes::all(), from).with_bearer(sent.token()));
        };
        let known = self.known(tokens, &sent, asking);
        let is_free = match access {
            Access::Anybody => true,
            Access::OnThisMachine => asking.from.ip().to_canonical().is_loopback(),
            Access::Holders | Access::Only(_) => false,
        };
        let entry = match known {
            Known::No | Known::False if is_free => {
                return Ok(Caller::unnamed(Scopes::default(), from));
            }
            Known::No => return Err(nobody()),
            Known::False => return Err(unknown()),
            Known::Session(_) if !is_free && changes_unasked(asking) => {
                return Err(not_from_the_page());
            }
            Known::Token(entry) | Known::Session(entry) => entry,
        };
        let caller = Caller::named(entry, from).with_bearer(sent.token());
        if let Some(scope) = access.scope().filter(|_| !is_free) {
            caller.require(scope, "this").map_err(|problem| lacks(problem, scope))?;
        }
        Ok(caller)
    }

    fn known(&self, tokens: &Tokens, sent: &Sent, asking: Asking<'_>) -> Known {
        match sent {
            Sent::Token(token) => tokens.find(token).map_or(Known::False, Known::Token),
            Sent::Nonsense => Known::False,
            Sent::Nothing => {
                let (sessions, host) = (self.sessions.as_ref(), asking.signed_in_at);
                let found = sessions
                    .zip(host)
                    .and_then(|(sessions, host)| sessions.find(asking.headers, host, tokens));
                found.map_or(Known::No, Known::Session)
            }
        }
    }
}

impl Sent {
    fn token(self) -> Option<Bearer> {
        match self {
            Self::Token(token) => Some(token),
            Self::Nothing | Self::Nonsense => None,
        }
    }
}

/// A browser says of everything that changes something from where it comes, and is refused elsewhere
/// if that is another origin. One that does not say so is not believed to be asked by our page.
fn changes_unasked(asking: Asking<'_>) -> bool {
    let reads = [Method::GET, Method::HEAD].contains(asking.method);
    !reads && !asking.headers.contains_key(ORIGIN) && !asking.headers.contains_key("sec-fetch-site")
}

fn not_from_the_page() -> Box<Response> {
    let detail = "only our own page changes something for who has signed in: send Origin, or a token \
        instead of the cookie";
    Box::new(Problem::new(&kinds::CROSS_SITE).detail(detail).into_response())
}

fn nobody() -> Box<Response> {
    let problem = Problem::new(&kinds::NO_TOKEN).detail(
        "send it as Authorization: Bearer TOKEN; that of `murmur up` is in the file \
         operator.token of its data folder",
    );
    challenged(problem, "Bearer realm=\"murmur\"")
}

fn unknown() -> Box<Response> {
    let problem = Problem::new(&kinds::UNKNOWN_TOKEN).detail(
        "it is not in this process's file of tokens, was withdrawn, or is no Bearer token: ask \
         whoever runs the system for one",
    );
    challenged(problem, "Bearer realm=\"murmur\", error=\"invalid_token\"")
}

fn lacks(problem: Problem, scope: Scope) -> Box<Response> {
    let challenge =
        format!("Bearer realm=\"murmur\", error=\"insufficient_scope\", scope=\"{scope}\"");
    challenged(problem, &challenge)
}

fn challenged(problem: Problem, challenge: &str) -> Box<Response> {
    metrics::counter!("murmur_http_unauthorised_total", "why" => problem.kind.slug).increment(1);
    let mut response = problem.into_response();
    let challenge = HeaderValue::from_str(challenge).ok();
    response.headers_mut().extend(challenge.map(|challenge| (WWW_AUTHENTICATE, challenge)));
    Box::new(response)
}

#[cfg(test)]
mod tests {
    use warp::http::header::COOKIE;

    use super::*;
    use crate::http::auth::TokenHash;

    const HOST: &str = "localhost:8080";

    struct Stage {
        guard: Guard,
        cookie: String,
    }

    fn stage() -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        let line = format!("{} shop read,write\n", TokenHash::of("abc"));
        std::fs::write(&file, line).unwrap();
        let tokens = Arc::new(Tokens::load(&file).unwrap());
        let sessions = Arc::new(Sessions::load(None).unwrap());
        let entry = tokens.find_hash(&TokenHash::of("abc")).unwrap();
        let cookie = sessions.sign_in(&entry, &Authority::from_static(HOST), false).unwrap();
        let cookie = cookie.to_str().unwrap().to_owned();
        Stage { guard: Guard::new(Some(tokens), false).with_sessions(sessions), cookie }
    }

    impl Stage {
        fn status(
            &self,
            access: Access,
            (method, from): (Method, &str),
            lines: &[(&'static str, &str)],
        ) -> u16 {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, HeaderValue::from_str(value).unwrap());
            }
            let (host, from) = (Authority::from_static(HOST), from.parse().unwrap());
            let signed_in_at = Some(&host);
            let asking = Asking { method: &method, headers: &headers, signed_in_at, from };
            self.guard
                .admit(access, asking)
                .map_or_else(|refused| refused.status().as_u16(), |_| 200)
        }
    }

    #[test]
    fn from_another_machine_a_token_is_asked_for_how_it_stands() {
        let stage = stage();
        let bearer = [("authorization", "Bearer abc")];
        let asked =
            |from, lines: &[_]| stage.status(Access::OnThisMachine, (Method::GET, from), lines);
        assert_eq!(asked("127.0.0.1:1", &[]), 200);
        assert_eq!(asked("[::ffff:127.0.0.1]:1", &[]), 200);
        assert_eq!(asked("10.1.2.3:1", &[]), 401);
        assert_eq!(asked("10.1.2.3:1", &bearer), 200);
        assert_eq!(stage.status(Access::Anybody, (Method::GET, "10.1.2.3:1"), &[]), 200);
        assert_eq!(stage.status(Access::Holders, (Method::GET, "127.0.0.1:1"), &[]), 401);
        assert_eq!(stage.status(Access::Holders, (Method::GET, "10.1.2.3:1"), &bearer), 200);
    }

    #[test]
    fn a_browser_that_has_signed_in_reads_and_changes_only_from_our_page() {
        let stage = stage();
        let (pair, rest) = stage.cookie.split_once("; ").unwrap();
        assert_eq!(rest, "Path=/; Max-Age=43200; HttpOnly; SameSite=Strict");
        assert!(pair.starts_with("murmur-session-8080=") && !pair.contains("abc"));
        let others = format!("a=b; {pair}; c=d");
        let cookie = (COOKIE.as_str(), &*others);
        let page = ("origin", "http://localhost:8080");
        let here = |method| (method, "127.0.0.1:1");
        let (read, write) = (Access::Only(Scope::Read), Access::Only(Scope::Write));
        assert_eq!(stage.status(read, here(Method::GET), &[cookie]), 200);
        assert_eq!(stage.status(write, here(Method::POST), &[cookie]), 403);
        assert_eq!(stage.status(write, here(Method::POST), &[cookie, page]), 200);
        assert_eq!(
            stage.status(Access::Only(Scope::Operate), here(Method::POST), &[cookie, page]),
            403
        );
        let of_another_port = pair.replace("8080", "9090");
        let other = (COOKIE.as_str(), &*of_another_port);
        assert_eq!(stage.status(read, here(Method::GET), &[other]), 401);
        let wrong = ("authorization", "Bearer wrong");
        assert_eq!(stage.status(read, here(Method::GET), &[cookie, wrong]), 401);
    }
    #[test]
    fn a_browser_is_known_where_its_page_acts_by_the_key_that_both_have() {
        let folder = tempfile::tempdir().unwrap();
        let (file, key) = (folder.path().join("tokens"), folder.path().join("key"));
        std::fs::write(&file, format!("{} shop write\n", TokenHash::of("abc"))).unwrap();
        std::fs::write(&key, "k".repeat(32)).unwrap();
        let tokens = Arc::new(Tokens::load(&file).unwrap());
        let sessions = [Some(&key), Some(&key), None]
            .map(|key| Arc::new(Sessions::load(key.map(std::path::PathBuf::as_path)).unwrap()));
        let entry = tokens.find_hash(&TokenHash::of("abc")).unwrap();
        let (page, own) = (Authority::from_static(HOST), Authority::from_static("localhost:8083"));
        let cookie = sessions[0].sign_in(&entry, &page, false).unwrap();
        let pair = cookie.to_str().unwrap().split_once("; ").unwrap().0.to_owned();
        let is_known = |sessions: &Arc<Sessions>, signed_in_at: &Authority| {
            let guard = Guard::new(Some(Arc::clone(&tokens)), false);
            let guard = guard.with_sessions(Arc::clone(sessions));
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_str(&pair).unwrap());
            headers.insert(ORIGIN, HeaderValue::from_static("http://localhost:8080"));
            let (method, from) = (Method::POST, "127.0.0.1:1".parse().unwrap());
            let signed_in_at = Some(signed_in_at);
            let asking = Asking { method: &method, headers: &headers, signed_in_at, from };
            guard.admit(Access::Only(Scope::Write), asking).is_ok()
        };
        assert!(is_known(&sessions[1], &page), "an owner with the key, asked by the page");
        assert!(!is_known(&sessions[1], &own), "the same, asked by a page of its own");
        assert!(!is_known(&sessions[2], &page), "an owner with another key");
    }
}
