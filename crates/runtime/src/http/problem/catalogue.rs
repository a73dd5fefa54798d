//! `/problems`: what each kind of problem means, when it is answered and what to do about it; as a page
//! for people, as Markdown or as JSON, by `Accept`.
//!
//! A problem's `type` is the path of its own explanation, so that a link of it can be followed.

mod text;

use std::sync::Arc;

use protocol::ProblemKind;
use schemars::JsonSchema;
use serde::Serialize;
use warp::Filter;
use warp::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, VARY};
use warp::http::{HeaderValue, Response as HttpResponse, StatusCode};
use warp::reply::Response;

use super::{Problem, kinds};
use crate::http::auth::Access;
use crate::http::openapi::{Operation, tags};
use crate::http::server::Routes;
use crate::http::{answer, json};

/// A page of text, with the style of the API's own page.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// All kinds that one process may answer with.
#[derive(Clone, Debug)]
pub struct Catalogue(Arc<[&'static ProblemKind]>);

/// One kind, explained.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProblemKind")]
pub(in crate::http) struct Explanation {
    /// What stands in `type`, and where this is.
    r#type: String,
    /// What stands in `title`.
    title: &'static str,
    /// The statuses it comes with, the usual one first.
    statuses: &'static [u16],
    /// When it is answered.
    when: &'static str,
    /// What to do about it.
    remedy: &'static str,
    /// Such a problem, for example.
    example: Example,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProblemExample")]
struct Example {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'static str,
}

/// In what form a client wants an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Page,
    Markdown,
    Json,
}

impl Catalogue {
    /// What every process answers with, and these.
    #[must_use]
    pub fn with(others: &[&[&'static ProblemKind]]) -> Self {
        let all = [kinds::ALL].into_iter().chain(others.iter().copied()).flatten().copied();
        Self(all.collect())
    }

    /// All of them.
    pub fn kinds(&self) -> impl Iterator<Item = &'static ProblemKind> {
        self.0.iter().copied()
    }

    /// All of them as one page of Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        text::list_in_markdown(&self.0)
    }

    fn find(&self, slug: &str) -> Option<&'static ProblemKind> {
        self.kinds().find(|kind| kind.slug == slug)
    }
}

impl Explanation {
    fn of(kind: &'static ProblemKind) -> Self {
        let &ProblemKind { statuses, title, when, remedy, example: detail, .. } = kind;
        let example = Example { r#type: kind.url(), title, status: kind.status(), detail };
        Self { r#type: kind.url(), title, statuses, when, remedy, example }
    }
}

/// What is here. Whoever is refused for want of a token may read why.
pub(in crate::http) fn operations() -> [Operation; 2] {
    let of_all = Operation::plain(Access::Anybody, "get", "/problems", "All kinds of problems");
    let of_one = Operation::plain(
        Access::Anybody,
        "get",
        "/problems/{slug}",
        "One kind of problem: its type",
    );
    let of_one = of_one.problem(404, "This process answers with no such problem");
    [
        as_text(of_all.answers::<Vec<Explanation>>(200, "All of them")),
        as_text(of_one.answers::<Explanation>(200, "What it means and what to do about it")),
    ]
}

fn as_text(operation: Operation) -> Operation {
    operation.also_as("text/html").also_as("text/markdown").tagged(tags::PROCESS)
}

pub(in crate::http) fn routes(catalogue: Catalogue) -> Routes {
    let with = warp::any().map(move || catalogue.clone());
    let headers = warp::header::headers_cloned();
    let all = warp::path!("problems").and(warp::get()).and(headers).and(with.clone());
    let all =
        all.map(|headers: HeaderMap, catalogue: Catalogue| list(&catalogue, Form::of(&headers)));
    let one = warp::path!("problems" / String).and(warp::get()).and(headers).and(with);
    let one = one.map(|slug: String, headers: HeaderMap, catalogue: Catalogue| {
        catalogue.find(&slug).map_or_else(nowhere, |kind| explain(kind, Form::of(&headers)))
    });
    all.or(one).unify().boxed()
}

fn list(catalogue: &Catalogue, form: Form) -> Response {
    match form {
        Form::Page => page(text::list_in_html(&catalogue.0)),
        Form::Markdown => markdown(catalogue.markdown()),
        Form::Json => {
            let all: Vec<_> = catalogue.kinds().map(Explanation::of).collect();
            by_form(json(StatusCode::OK, &all))
        }
    }
}

fn explain(kind: &'static ProblemKind, form: Form) -> Response {
    match form {
        Form::Page => page(text::one_in_html(kind)),
        Form::Markdown => markdown(text::one_in_markdown(kind)),
        Form::Json => by_form(json(StatusCode::OK, &Explanation::of(kind))),
    }
}

fn nowhere() -> Response {
    Problem::new(&kinds::UNKNOWN_PROBLEM).detail("/problems lists all kinds").into_response()
}

fn page(html: String) -> Response {
    let mut response = text(html, "text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn markdown(markdown: String) -> Response {
    text(markdown, "text/markdown; charset=utf-8")
}

fn text(content: String, media_type: &'static str) -> Response {
    let etag = answer::etag(content.as_bytes());
    let mut response = HttpResponse::new(content.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.extend(etag.map(|etag| (ETAG, etag)));
    by_form(response)
}

fn by_form(mut response: Response) -> Response {
    response.headers_mut().append(VARY, HeaderValue::from_static("accept"));
    response
}

impl Form {
    /// The first that a client names of those that there are. A browser names HTML first; who names
    /// nothing, or anything, is a program.
    fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
        let mut types = lines.flat_map(|line| line.split(','));
        let named = types.find_map(|one| match one.split(';').next().unwrap_or_default().trim() {
            "text/html" => Some(Self::Page),
            "text/markdown" | "text/plain" => Some(Self::Markdown),
            "application/json" | "application/problem+json" => Some(Self::Json),
            _ => None,
        });
        named.unwrap_or(Self::Json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(accept: &'static str) -> Form {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        Form::of(&headers)
    }

    #[test]
    fn a_browser_gets_a_page_and_a_program_json() {
        assert_eq!(form("text/html,application/xhtml+xml,*/*;q=0.8"), Form::Page);
        assert_eq!(form("text/markdown"), Form::Markdown);
        assert_eq!(form("application/json, text/html"), Form::Json);
        assert_eq!((form("*/*"), Form::of(&HeaderMap::new())), (Form::Json, Form::Json));
    }

    #[tokio::test]
    async fn the_type_of_every_problem_is_answered_and_other_names_are_not() {
        let catalogue = Catalogue::with(&contracts::problems::ALL);
        let service =
            warp::service(routes(catalogue.clone()).recover(crate::http::fallback::recover));
        let service = hyper_util::service::TowerToHyperService::new(service);
        let get = async |path: String, accept: &str| {
            let request = warp::http::Request::builder().uri(path).header(ACCEPT, accept);
            let request = request.body(warp::reply::Response::default().into_body()).unwrap();
            hyper::service::Service::call(&service, request).await.unwrap()
        };
        for kind in catalogue.kinds() {
            let url = Problem::new(kind).kind.url();
            for (accept, media_type) in [
                ("text/html", "text/html"),
                ("text/markdown", "text/markdown"),
                ("*/*", "application/json"),
            ] {
                let response = get(url.clone(), accept).await;
                assert_eq!(response.status(), 200, "{url}");
                let said = response.headers()[CONTENT_TYPE].to_str().unwrap();
                assert!(said.starts_with(media_type), "{url}: {said}");
                assert_eq!(response.headers()[VARY], "accept");
            }
        }
        assert_eq!(get("/problems/nothing".to_owned(), "*/*").await.status(), 404);
        assert_eq!(get("/problems".to_owned(), "text/html").await.status(), 200);
    }
}
