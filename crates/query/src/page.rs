//! The live page: its files, which are part of the program, the choreography that it draws, and the
//! documents of the contract.
//!
//! The browser asks no other host for anything, and the policy sent with the page holds it to that.
//! Files are revalidated by their ETag on each load, so that a new version of the program is a new
//! version of the page.
//!
//! Deliberately absent: templates and a build step. What is in the folder `page` is what is sent.

pub mod choreography;
mod contract;
pub mod files;
pub mod owners;

use std::sync::Arc;

use contracts::problems;
use runtime::http::openapi::{self, ShownApi};
use runtime::http::server::Routes;
use runtime::http::{Problem, Response, StatusCode, json};
use runtime::warp::http::uri::Authority;
use runtime::warp::http::{HeaderValue, header};
use runtime::warp::path::Tail;
use runtime::warp::{self, Filter};

use files::{FILES, File, INDEX};
use owners::{OwnerAnswer, PageOwner};

/// Scripts, styles, fonts and connections of our own origin, and nothing else. The page itself may connect to
/// the owners, too, of whom it is told.
const POLICY: HeaderValue = HeaderValue::from_static(POLICY_TEXT);

const POLICY_TEXT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file as it is sent: its tag is worked out once.
#[derive(Clone)]
struct Served {
    file: &'static File,
    tag: HeaderValue,
}

/// The page at `/`, its files below `/page/`, `/choreography`, `/owners`, the contract's documents, and the
/// APIs of all processes at `/docs`.
#[must_use]
pub fn routes(owners: Vec<PageOwner>) -> Routes {
    let (index, named) = (Served::of(&INDEX), owners.clone());
    let page = warp::path::end().and(warp::get()).and(warp::host::optional());
    let page = page.map(move |host: Option<Authority>| {
        let mut response = index.respond();
        let policy = policy_with(&owners::answers(&named, host.as_ref()));
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    });
    let served: Arc<[Served]> = FILES.iter().map(Served::of).collect();
    let files = warp::path("page")
        .and(warp::path::tail())
        .and(warp::get())
        .map(move |path: Tail| find(&served, path.as_str()));
    let drawing = Arc::new(choreography::drawing());
    let choreography =
        warp::path!("choreography").and(warp::get()).map(move || json(StatusCode::OK, &*drawing));
    let drawn = page.or(files.boxed()).unify().or(choreography).unify();
    let all = drawn.or(docs(owners.clone())).unify().or(owners::routes(owners)).unify();
    all.or(contract::routes()).unify().boxed()
}

/// `/docs` with the APIs of all processes that a browser reaches from here.
fn docs(owners: Vec<PageOwner>) -> Routes {
    let all = move |host: Option<Authority>| {
        let own = ShownApi { name: "query".to_owned(), origin: String::new() };
        [own].into_iter().chain(owners::apis(&owners, host.as_ref())).collect::<Vec<_>>()
    };
    let listed = all.clone();
    let page = warp::path!("docs").and(warp::get()).and(warp::host::optional());
    let page = page.map(move |host| openapi::docs(&all(host)));
    let list = warp::path!("docs" / "apis").and(warp::get()).and(warp::host::optional());
    let list = list.map(move |host| json(StatusCode::OK, &listed(host)));
    page.or(list).unify().boxed()
}

/// The policy of a page that connects to these owners, too.
fn policy_with(owners: &[OwnerAnswer]) -> HeaderValue {
    let places: String = owners.iter().map(|owner| format!(" {}", owner.url)).collect();
    let policy = POLICY_TEXT.replace("connect-src 'self'", &format!("connect-src 'self'{places}"));
    HeaderValue::try_from(policy).unwrap_or(POLICY)
}

fn find(served: &[Served], path: &str) -> Response {
    match served.iter().find(|served| served.file.path == path) {
        Some(served) => served.respond(),
        None => Problem::new(&problems::UNKNOWN_FILE).into_response(),
    }
}

impl Served {
    fn of(file: &'static File) -> Self {
        Self { file, tag: files::tag(file.bytes) }
    }

    fn respond(&self) -> Response {
        let mut response = Response::new(self.file.bytes.into());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.file.content_type()));
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        response
    }
}
