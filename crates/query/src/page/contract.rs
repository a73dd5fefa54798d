//! The documents that follow from the contract, below `/contract/`: of the contract that this program is
//! built with, which need not be the one of a newer checkout.

use std::sync::Arc;

use contract_docs::{Document, documents};
use contracts::choreography::MURMURATION;
use contracts::problems;
use runtime::http::server::Routes;
use runtime::http::{Problem, Response};
use runtime::warp::http::{HeaderValue, header};
use runtime::warp::path::Tail;
use runtime::warp::{self, Filter};

use super::{POLICY, files};

/// What is shown where no document is named.
const FIRST: &str = "README.md";

/// A document with its tag.
struct Served {
    document: Document,
    tag: HeaderValue,
}

/// Each document at its path, and the list of them at `/contract`.
pub(super) fn routes() -> Routes {
    let served = documents(&MURMURATION).into_iter().map(|document| {
        let tag = files::tag(document.text.as_bytes());
        Served { document, tag }
    });
    let served: Arc<[Served]> = served.collect();
    warp::path("contract")
        .and(warp::path::tail())
        .and(warp::get())
        .map(move |path: Tail| find(&served, path.as_str()))
        .boxed()
}

fn find(served: &[Served], path: &str) -> Response {
    let path = if path.is_empty() { FIRST } else { path };
    match served.iter().find(|served| served.document.path == path) {
        Some(served) => served.respond(),
        None => Problem::new(&problems::UNKNOWN_DOCUMENT).into_response(),
    }
}

impl Served {
    fn respond(&self) -> Response {
        let mut response = Response::new(self.document.text.clone().into());
        let headers = response.headers_mut();
        let media_type = HeaderValue::from_static(self.document.media_type());
        headers.insert(header::CONTENT_TYPE, media_type);
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}
