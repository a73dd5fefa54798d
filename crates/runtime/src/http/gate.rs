//! What every request has to pass before any route or cache is asked, so that all processes treat
//! alike what HTTP says of all resources alike: who may ask, methods, parameters and bodies.
//!
//! Deliberately absent: whatever only one route can know, such as the values of its parameters.

pub mod host;
pub mod origins;

pub(super) mod target;

mod site;

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::Body;
use warp::http::header::{
    ALLOW, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, HeaderMap, HeaderValue, TRANSFER_ENCODING,
};
use warp::http::{Method, Request, StatusCode};
use warp::reply::Response;

use super::api::{Api, Entry, Table};
use super::auth::guard::Asking;
use super::auth::{Access, Caller, Guard};
use super::problem::kinds;
use super::{Problem, query};
use host::HostName;
use origins::WebOrigin;

/// Decides what may pass.
#[derive(Clone)]
pub(super) struct Gate {
    table: Arc<Table>,
    is_open: bool,
    hosts: Vec<HostName>,
    origins: Vec<WebOrigin>,
    guard: Guard,
}

impl Gate {
    pub(super) fn of(api: &Api) -> Self {
        let (table, guard) = (Arc::clone(&api.table), api.guard.clone());
        let (hosts, origins) = (api.hosts.clone(), api.origins.clone());
        Self { table, is_open: api.is_open, hosts, origins, guard }
    }

    /// The page of another origin that has sent this, if it is one that may ask here.
    pub(super) fn page_of(&self, sent: &HeaderMap) -> Option<WebOrigin> {
        origins::asking(&self.origins, sent).cloned()
    }

    /// Lets that page read the answer.
    pub(super) fn complete(&self, response: Response, page: Option<&WebOrigin>) -> Response {
        origins::complete(response, &self.origins, page)
    }

    /// Lets a request through, in the form in which routes are asked, and with who asks in it; or
    /// answers it. The connection is from `from` to `local`.
    pub(super) fn pass<B: Body>(
        &self,
        request: &mut Request<B>,
        from: SocketAddr,
        local: SocketAddr,
    ) -> Result<(), Box<Response>> {
        let caller = self.pass_checked(request, from, local)?;
        request.extensions_mut().insert(caller);
        // Whoever answers a GET answers a HEAD: the server leaves the body away.
        if request.method() == Method::HEAD {
            *request.method_mut() = Method::GET;
        }
        Ok(())
    }

    fn pass_checked<B: Body>(
        &self,
        request: &mut Request<B>,
        from: SocketAddr,
        local: SocketAddr,
    ) -> Result<Caller, Box<Response>> {
        let refuse = |problem: Problem| Box::new(problem.into_response());
        let authority = host::check(request, &self.hosts, local).map_err(refuse)?;
        let page = origins::asking(&self.origins, request.headers());
        if page.is_none() {
            site::check(request.method(), request.headers(), authority.as_ref()).map_err(refuse)?;
        }
        if let Some(target) = target::normalised(request.uri()).map_err(refuse)? {
            *request.uri_mut() = target;
        }
        let entry = self.entry_of(request)?;
        // What nobody has described is answered alike, whatever it would have taken.
        let access = entry.map_or(Access::Holders, |entry| entry.access);
        let (method, headers) = (request.method(), request.headers());
        let signed_in_at = page.map(WebOrigin::authority).or(authority.as_ref());
        let asking = Asking { method, headers, signed_in_at, from };
        let caller = self.guard.admit(access, asking)?;
        if let Some(known) = entry.and_then(|entry| entry.parameters.as_ref()) {
            query::check(request.uri().query().unwrap_or_default(), known).map_err(refuse)?;
        }
        check_body(request).map_err(refuse)?;
        Ok(caller)
    }

    /// What a request asks for; none where an open API has no such path.
    fn entry_of<B>(&self, request: &Request<B>) -> Result<Option<&Entry>, Box<Response>> {
        let (method, path) = (request.method(), request.uri().path());
        let meant = if *method == Method::HEAD { &Method::GET } else { method };
        if let Some(entry) = self.table.find(meant, path) {
            return Ok(Some(entry));
        }
        // `OPTIONS *` asks of the server, and a CONNECT names no path at all.
        let of_all = path == "*" || method == Method::CONNECT;
        let there = if of_all { self.table.methods() } else { self.table.at(path) };
        if path == "*" && method == Method::OPTIONS {
            return Err(Box::new(options(&there)));
        }
        let never = [Method::CONNECT, Method::TRACE].contains(method);
        match (there.is_empty(), never) {
            (true, false) if self.is_open => Ok(None),
            (true, false) => Err(Box::new(nothing_at(&self.table, path).into_response())),
            (_, false) if method == Method::OPTIONS => Err(Box::new(options(&there))),
            (_, _) => Err(Box::new(not_allowed(&there))),
        }
    }
}

/// A body is sent as it is and as JSON. It has to be said: what a browser sends for any page without
/// asking first is never called that.
fn check_body<B: Body>(request: &Request<B>) -> Result<(), Problem> {
    let headers = request.headers();
    if headers.get(EXPECT).is_some_and(|one| !one.as_bytes().eq_ignore_ascii_case(b"100-continue"))
    {
        return Err(Problem::new(&kinds::UNKNOWN_EXPECTATION));
    }
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method()) {
        return Ok(());
    }
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    if encodings.any(|one| !one.as_bytes().eq_ignore_ascii_case(b"identity")) {
        let problem = Problem::new(&kinds::ENCODED_BODY);
        return Err(problem.detail("send it without content-encoding"));
    }
    let has_body = !request.body().is_end_stream() || headers.contains_key(TRANSFER_ENCODING);
    let kinds: Vec<&HeaderValue> = headers.get_all(CONTENT_TYPE).iter().collect();
    match kinds[..] {
        [] if !has_body => Ok(()),
        [one] if one.to_str().is_ok_and(is_json) => Ok(()),
        [..] => Err(not_json(headers)),
    }
}

/// JSON is UTF-8, whatever else may be said of it.
fn is_json(content_type: &str) -> bool {
    let content_type = content_type.to_ascii_lowercase();
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_utf8 = |part: &str| {
        let charset = part.strip_prefix("charset=").map(|name| name.trim_matches('"'));
        charset.is_none_or(|name| ["utf-8", "utf8", "us-ascii"].contains(&name))
    };
    let is_kind_of = |kind: &str| !kind.is_empty() && !kind.contains('/');
    let suffixed = essence.strip_prefix("application/").and_then(|it| it.strip_suffix("+json"));
    (essence == "application/json" || suffixed.is_some_and(is_kind_of)) && parts.all(is_utf8)
}

fn not_json(headers: &HeaderMap) -> Problem {
    let sent = headers.get(CONTENT_TYPE).map(|kind| String::from_utf8_lossy(kind.as_bytes()));
    let sent = sent.map_or_else(|| "nothing".to_owned(), |kind| target::excerpt(&kind));
    Problem::new(&kinds::NOT_JSON)
        .detail(format!("send content-type: application/json once, it says {sent}"))
}

fn nothing_at(table: &Table, path: &str) -> Problem {
    let problem = Problem::new(&kinds::NOT_FOUND);
    let plain = path.trim_end_matches('/');
    if plain.len() < path.len() && !table.at(plain).is_empty() {
        return problem
            .detail(format!("leave out the slash at the end: {}", target::excerpt(plain)));
    }
    problem.detail("/openapi.json says what there is")
}

fn options(there: &[&Entry]) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().extend(allow(there).map(|methods| (ALLOW, methods)));
    response
}

fn not_allowed(there: &[&Entry]) -> Response {
    let problem = Problem::new(&kinds::METHOD_NOT_ALLOWED);
    let methods = allow(there);
    let said = methods.as_ref().and_then(|methods| methods.to_str().ok()).unwrap_or_default();
    let mut response = problem.detail(format!("use {said}")).into_response();
    response.headers_mut().extend(methods.map(|methods| (ALLOW, methods)));
    response
}

fn allow(there: &[&Entry]) -> Option<HeaderValue> {
    let mut methods: Vec<&str> = Vec::new();
    for entry in there {
        let also = if entry.method == Method::GET { Some("HEAD") } else { None };
        for method in [Some(entry.method.as_str()), also].into_iter().flatten() {
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
    }
    methods.push("OPTIONS");
    HeaderValue::try_from(methods.join(", ")).ok()
}

#[cfg(test)]
mod tests;
