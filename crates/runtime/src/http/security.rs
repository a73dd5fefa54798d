//! What every answer says to browsers, whoever made it: what it may be taken for, framed by and kept in.

use warp::http::HeaderValue;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use warp::reply::Response;

/// Most answers are data: nothing of them is to be run or framed.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// Completes an answer by what it does not say itself. What can be asked for again by its tag may be kept, and has to be asked for; what
/// cannot is not kept, since it may be about a person.
pub(super) fn complete(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let may_be_kept = headers.contains_key(ETAG);
    let mut unless_said = |name: HeaderName, value| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    unless_said(X_CONTENT_TYPE_OPTIONS, "nosniff");
    unless_said(REFERRER_POLICY, "no-referrer");
    unless_said(CONTENT_SECURITY_POLICY, NOTHING);
    unless_said(CACHE_CONTROL, if may_be_kept { "no-cache" } else { "no-store" });
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_completed_and_what_it_says_itself_stays() {
        let plain = complete(Response::default());
        assert_eq!(plain.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(plain.headers()[CACHE_CONTROL], "no-store");
        let mut page = Response::default();
        page.headers_mut().insert(ETAG, HeaderValue::from_static("\"7\""));
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("self"));
        let page = complete(page);
        assert_eq!(page.headers()[CACHE_CONTROL], "no-cache");
        assert_eq!(page.headers()[CONTENT_SECURITY_POLICY], "self");
    }
}
