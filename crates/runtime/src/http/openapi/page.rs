//! The document, and the page to try it: Swagger UI, which asks the processes that it shows for their
//! documents, and no other host for anything.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use warp::Filter;
use warp::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue};
use warp::http::{Response as HttpResponse, StatusCode};
use warp::reply::Response;

use super::{AnyObject, Document, Operation, tags};
use crate::http::auth::Access;
use crate::http::server::Routes;
use crate::http::{answer, json};

/// One API that `/docs` shows.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ShownApi {
    /// The process.
    pub name: String,
    /// Where it is, without a path; empty for the process that is asked.
    pub origin: String,
}

/// A file of the page.
#[derive(Clone, Copy)]
struct File {
    name: &'static str,
    media_type: &'static str,
    content: &'static str,
}

macro_rules! file {
    ($name:literal, $media_type:literal) => {
        File {
            name: $name,
            media_type: $media_type,
            content: include_str!(concat!("page/", $name)),
        }
    };
}

const INDEX: File = file!("docs.html", "text/html; charset=utf-8");

/// All that the page asks for, below `/docs/`.
const FILES: [File; 7] = [
    file!("docs.js", "text/javascript; charset=utf-8"),
    file!("docs.css", "text/css; charset=utf-8"),
    file!("vendor/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    file!("vendor/swagger-ui.css", "text/css; charset=utf-8"),
    file!("vendor/LICENSE", "text/plain; charset=utf-8"),
    file!("vendor/NOTICE", "text/plain; charset=utf-8"),
    file!("vendor/swagger-ui-bundle.js.LICENSE.txt", "text/plain; charset=utf-8"),
];

/// Nothing but the page's own files, and the APIs that it shows.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self'";

/// What is here.
pub(super) fn operations() -> [Operation; 4] {
    [
        Operation::plain(Access::Anybody, "get", "/openapi.json", "This document")
            .answers::<AnyObject>(200, "OpenAPI 3.1")
            .tagged(tags::PROCESS),
        Operation::plain(Access::Anybody, "get", "/docs/apis", "The APIs that /docs shows")
            .answers::<Vec<ShownApi>>(200, "Each with its origin")
            .tagged(tags::PROCESS),
        Operation::file("/docs"),
        Operation::file("/docs/{*file}"),
    ]
}

pub(super) fn routes(document: Document) -> Routes {
    let document = Arc::new(document);
    let name = document.value()["info"]["title"].as_str().unwrap_or_default().to_owned();
    let own = ShownApi { name, origin: String::new() };
    let described = warp::path!("openapi.json").and(warp::get());
    let described = described.map(move || json(StatusCode::OK, document.value()));
    let page = warp::path!("docs").and(warp::get()).map(|| docs(&[]));
    let list = warp::path!("docs" / "apis").and(warp::get());
    let list = list.map(move || json(StatusCode::OK, &[&own]));
    let all = described.or(page).unify().or(list).unify().boxed();
    FILES.into_iter().fold(all, |all, file| all.or(routes_of(file)).unify().boxed())
}

/// The page, which may connect to these APIs besides our own.
#[must_use]
pub fn docs(apis: &[ShownApi]) -> Response {
    let mut response = INDEX.response();
    let origins: String = apis.iter().map(|api| format!(" {}", api.origin)).collect();
    let policy = HeaderValue::try_from(format!("{POLICY}{origins}"));
    let policy = policy.unwrap_or(HeaderValue::from_static(POLICY));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}

fn routes_of(file: File) -> Routes {
    let path = warp::path("docs").and(warp::path::tail()).and(warp::get());
    let path = path.and_then(move |tail: warp::path::Tail| {
        let found = (tail.as_str() == file.name).then(|| file.response());
        async move { found.ok_or_else(warp::reject::not_found) }
    });
    path.boxed()
}

impl File {
    fn response(&self) -> Response {
        let mut response = HttpResponse::new(self.content.into());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.extend(answer::etag(self.content.as_bytes()).map(|etag| (ETAG, etag)));
        response
    }
}
