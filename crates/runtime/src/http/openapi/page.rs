//! The document and the page to try it. The page is three small files of ours: it asks this process
//! for its document, and no other host for anything.

use std::sync::Arc;

use warp::Filter;
use warp::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use warp::http::{Response as HttpResponse, StatusCode};
use warp::reply::Response;

use super::{Document, Operation};
use crate::http::auth::Access;
use crate::http::json;
use crate::http::server::Routes;

const PAGE: &str = include_str!("page/docs.html");
const SCRIPT: &str = include_str!("page/docs.js");
const STYLE: &str = include_str!("page/docs.css");

/// Nothing but the page's own files and the API itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is here, and not described: it describes.
pub(super) fn operations() -> [Operation; 4] {
    [
        Operation::hidden(Access::Anybody, "get", "/openapi.json"),
        Operation::file("/docs"),
        Operation::file("/docs.js"),
        Operation::file("/docs.css"),
    ]
}

pub(super) fn routes(document: Document) -> Routes {
    let document = Arc::new(document);
    let described = warp::path!("openapi.json").and(warp::get());
    let described = described.map(move || json(StatusCode::OK, document.value()));
    let page = warp::path!("docs").and(warp::get()).map(|| file("text/html; charset=utf-8", PAGE));
    let script = warp::path!("docs.js").and(warp::get());
    let script = script.map(|| file("text/javascript; charset=utf-8", SCRIPT));
    let style = warp::path!("docs.css").and(warp::get());
    let style = style.map(|| file("text/css; charset=utf-8", STYLE));
    described.or(page).unify().or(script).unify().or(style).unify().boxed()
}

fn file(kind: &'static str, content: &'static str) -> Response {
    let mut response = HttpResponse::new(content.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
