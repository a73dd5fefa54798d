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

use std::sync::Arc;

use runtime::http::server::Routes;
use runtime::http::{Problem, Response, StatusCode, json};
use runtime::warp::http::{HeaderValue, header};
use runtime::warp::path::Tail;
use runtime::warp::{self, Filter};

use files::{FILES, File, INDEX};

/// Scripts, styles, fonts and connections of our own origin, and nothing else.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A file as it is sent: its tag is worked out once.
#[derive(Clone)]
struct Served {
    file: &'static File,
    tag: HeaderValue,
}

/// The page at `/`, its files below `/page/`, `/choreography`, and the contract's documents.
#[must_use]
pub fn routes() -> Routes {
    let index = Served::of(&INDEX);
    let page = warp::path::end().and(warp::get()).map(move || index.respond());
    let served: Arc<[Served]> = FILES.iter().map(Served::of).collect();
    let files = warp::path("page")
        .and(warp::path::tail())
        .and(warp::get())
        .map(move |path: Tail| find(&served, path.as_str()));
    let drawing = Arc::new(choreography::drawing());
    let choreography =
        warp::path!("choreography").and(warp::get()).map(move || json(StatusCode::OK, &*drawing));
    page.or(files.boxed()).unify().or(choreography).unify().or(contract::routes()).unify().boxed()
}

fn find(served: &[Served], path: &str) -> Response {
    match served.iter().find(|served| served.file.path == path) {
        Some(served) => served.respond(),
        None => Problem::new(StatusCode::NOT_FOUND, "unknown-file", "The page has no such file")
            .into_response(),
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
