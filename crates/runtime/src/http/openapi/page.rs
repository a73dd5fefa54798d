//! The document and the page to try it. The page is three small files of ours: it asks this process
//! for its document, and no other host for anything.

use std::sync::Arc;

use warp::Filter;
use warp::filters::path::FullPath;
use warp::http::header::{ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use warp::http::{Method, Response as HttpResponse, StatusCode};
use warp::reply::Response;

use super::Document;
use crate::http::server::Routes;
use crate::http::{Problem, json};

const PAGE: &str = include_str!("page/docs.html");
const SCRIPT: &str = include_str!("page/docs.js");
const STYLE: &str = include_str!("page/docs.css");

/// Nothing but the page's own files and the API itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'";

pub(super) fn routes(document: Document) -> Routes {
    let document = Arc::new(document);
    let other_methods = other_methods(Arc::clone(&document));
    let described = warp::path!("openapi.json").and(warp::get());
    let described = described.map(move || json(StatusCode::OK, document.value()));
    let page = warp::path!("docs").and(warp::get()).map(|| file("text/html; charset=utf-8", PAGE));
    let script = warp::path!("docs.js").and(warp::get());
    let script = script.map(|| file("text/javascript; charset=utf-8", SCRIPT));
    let style = warp::path!("docs.css").and(warp::get());
    let style = style.map(|| file("text/css; charset=utf-8", STYLE));
    described
        .or(page)
        .unify()
        .or(script)
        .unify()
        .or(style)
        .unify()
        .or(other_methods)
        .unify()
        .boxed()
}

/// A method that no operation at a path has: a problem that names those it has, as HTTP asks.
fn other_methods(document: Arc<Document>) -> Routes {
    let asked = warp::method().and(warp::path::full());
    let refused = asked.and_then(move |method: Method, path: FullPath| {
        let methods = document.methods_at(path.as_str());
        std::future::ready(if methods.is_empty() || methods.iter().any(|one| method == **one) {
            Err(warp::reject::not_found())
        } else {
            Ok(not_allowed(&methods.join(", ")))
        })
    });
    refused.boxed()
}

fn not_allowed(methods: &str) -> Response {
    let title = "This method is not for this path";
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", title);
    let mut response = problem.detail(format!("use {methods}")).into_response();
    if let Ok(methods) = HeaderValue::from_str(methods) {
        response.headers_mut().insert(ALLOW, methods);
    }
    response
}

fn file(kind: &'static str, content: &'static str) -> Response {
    let mut response = HttpResponse::new(content.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
