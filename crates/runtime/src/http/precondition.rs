//! Conditional requests (RFC 9110, section 13): from headers to what has to hold, and the headers by
//! which a later request can say what it knows.
//!
//! Deliberately absent: whether a command's preconditions hold. That is decided with the command,
//! in one transaction.

use engine::precondition::{Preconditions, Tag, Tags, Validators};
use protocol::Timestamp;
use warp::http::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE, LAST_MODIFIED,
};
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::Problem;
use super::command::wrong_header;
use super::problem::kinds;

/// The preconditions of a command.
///
/// # Errors
/// When one does not make sense: what is meant to protect a change must not be passed over.
pub fn preconditions(headers: &HeaderMap) -> Result<Preconditions, Problem> {
    let if_match = tags(headers, &IF_MATCH)?;
    let since = match headers.get_all(IF_UNMODIFIED_SINCE).iter().collect::<Vec<_>>()[..] {
        [] => None,
        // A date beside tags does not count, whatever it says (section 13.1.4).
        [..] if if_match.is_some() => None,
        [one] => {
            one.to_str().ok().and_then(Timestamp::from_http_date).map(Some).ok_or_else(|| {
                let example = "it is one date, such as Sat, 31 Jan 2026 08:26:00 GMT";
                malformed(&IF_UNMODIFIED_SINCE, example)
            })?
        }
        [..] => return Err(malformed(&IF_UNMODIFIED_SINCE, "it was sent more than once")),
    };
    Ok(Preconditions {
        if_match,
        if_none_match: tags(headers, &IF_NONE_MATCH)?,
        unmodified_since: since,
    })
}

/// The response, with what tells the state that it shows from others.
#[must_use]
pub fn validated(mut response: Response, validators: &Validators) -> Response {
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", validators.tag)) {
        headers.insert(ETAG, tag);
    }
    let modified = validators.modified.and_then(Timestamp::http_date);
    if let Some(modified) = modified.and_then(|date| HeaderValue::try_from(date).ok()) {
        headers.insert(LAST_MODIFIED, modified);
    }
    response
}

/// The headers that make a request conditional; none if it is not.
pub(super) fn asked(headers: &HeaderMap) -> Option<HeaderMap> {
    let names = [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE];
    if !names.iter().any(|name| headers.contains_key(name)) {
        return None;
    }
    let mut asked = HeaderMap::new();
    for name in &names {
        for value in headers.get_all(name) {
            asked.append(name, value.clone());
        }
    }
    Some(asked)
}

/// What a read answers, whose preconditions are `asked`: 304 where the client has it already, 412
/// where it has changed. Only a 200 to GET or HEAD is ever replaced.
#[must_use]
pub fn answer_conditionally(method: &Method, asked: &HeaderMap, response: Response) -> Response {
    let reads = [Method::GET, Method::HEAD].contains(method);
    if !reads || response.status() != StatusCode::OK {
        return response;
    }
    let current = Current::of(response.headers());
    // What a read does not understand costs nothing but a whole answer.
    let tags = |name| tags(asked, name).ok().flatten();
    let date = |name| asked.get(name).and_then(|date| date.to_str().ok()).map(str::to_owned);
    let before = |name| date(name).as_deref().and_then(Timestamp::from_http_date);
    let changed = match tags(&IF_MATCH) {
        Some(tags) => !current.is_one_of(&tags, true),
        None => before(IF_UNMODIFIED_SINCE).is_some_and(|since| current.modified > Some(since)),
    };
    if changed {
        return failed(current.tag.as_ref().map(|tag| tag.opaque.as_str())).into_response();
    }
    let held = match tags(&IF_NONE_MATCH) {
        Some(tags) => current.is_one_of(&tags, false),
        None if asked.contains_key(IF_NONE_MATCH) => false,
        None => before(IF_MODIFIED_SINCE)
            .is_some_and(|since| current.modified.is_some_and(|modified| modified <= since)),
    };
    if held { not_modified(response) } else { response }
}

/// Why a request whose preconditions do not hold is not done; `tag` is what there is.
#[must_use]
pub fn failed(tag: Option<&str>) -> Problem {
    let problem = Problem::new(&kinds::PRECONDITION_FAILED);
    match tag {
        Some(tag) => problem
            .detail("it has changed: read it again, and send the ETag of that answer as If-Match")
            .with("etag", format!("\"{tag}\"")),
        None => problem.detail("there is no such thing"),
    }
}

/// What a response says that it shows.
struct Current {
    tag: Option<Tag>,
    modified: Option<Timestamp>,
}

impl Current {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let tag = text(ETAG).and_then(parse_tags).and_then(|mut tags| tags.pop());
        Self { tag, modified: text(LAST_MODIFIED).and_then(Timestamp::from_http_date) }
    }

    fn is_one_of(&self, tags: &Tags, strongly: bool) -> bool {
        let same = |tag: &Tag, current: &Tag| {
            tag.opaque == current.opaque && !(strongly && (tag.weak || current.weak))
        };
        match (tags, &self.tag) {
            (Tags::Any, _) => true,
            (Tags::Listed(tags), Some(current)) => tags.iter().any(|tag| same(tag, current)),
            (Tags::Listed(_), None) => false,
        }
    }
}

fn not_modified(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.body_mut() = "".into();
    for about_the_body in ["content-type", "content-length", "content-disposition"] {
        response.headers_mut().remove(about_the_body);
    }
    response
}

/// The tags of a header, whose lines are one list; none if it was not sent.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Problem> {
    let wrong = || malformed(name, "it is *, or tags such as \"7\", each in quotes, with commas");
    let lines: Vec<&HeaderValue> = headers.get_all(name).iter().collect();
    match lines[..] {
        [] => return Ok(None),
        [one] if one.as_bytes().trim_ascii() == b"*" => return Ok(Some(Tags::Any)),
        [..] => {}
    }
    let mut all = Vec::new();
    for line in lines {
        let line = line.to_str().map_err(|_| wrong())?;
        all.extend(parse_tags(line).ok_or_else(wrong)?);
    }
    if all.is_empty() { Err(wrong()) } else { Ok(Some(Tags::Listed(all))) }
}

/// A list of tags: commas may stand inside of their quotes.
fn parse_tags(line: &str) -> Option<Vec<Tag>> {
    let mut tags = Vec::new();
    let mut rest = line.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let (weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
        if opaque.contains([' ', '\t']) {
            return None;
        }
        tags.push(Tag { opaque: opaque.to_owned(), weak });
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(',') {
            return None;
        }
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    Some(tags)
}

fn malformed(name: &HeaderName, detail: &str) -> Problem {
    wrong_header(name.as_str(), detail)
}

#[cfg(test)]
mod tests;
