//! From where a request was sent. A browser sends what any page asks it to send, to this machine, too;
//! but it says for whom. What no page of our own asks for is refused.
//!
//! Deliberately absent: pages of other origins that may ask all the same ([`super::origins`]).

use warp::http::uri::Authority;
use warp::http::{HeaderMap, Method};

use crate::http::Problem;
use crate::http::problem::kinds;

/// Refuses what a page of another origin has asked for. A link that somebody follows is no such
/// thing.
pub(super) fn check(
    method: &Method,
    headers: &HeaderMap,
    authority: Option<&Authority>,
) -> Result<(), Problem> {
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    let follows_a_link = [Method::GET, Method::HEAD].contains(method)
        && says("sec-fetch-mode", "navigate")
        && says("sec-fetch-dest", "document");
    let mut sites = headers.get_all("sec-fetch-site").iter();
    let other_site = sites.any(|site| site != "same-origin" && site != "none");
    let mut origins = headers.get_all("origin").iter();
    let other_origin = origins.any(|origin| {
        !origin.to_str().is_ok_and(|origin| authority.is_some_and(|own| is_same(origin, own)))
    });
    if other_origin || (other_site && !follows_a_link) {
        return Err(Problem::new(&kinds::CROSS_SITE)
            .detail("Origin or Sec-Fetch-Site says that a page of another origin has sent this"));
    }
    Ok(())
}

/// Whether an origin is that of a server: the same name and port, whatever ends TLS in between.
fn is_same(origin: &str, own: &Authority) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |text: &str| text.strip_suffix(default_port).unwrap_or(text).to_ascii_lowercase();
    bare(authority) == bare(own.as_str())
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;

    use super::*;

    fn is_refused(method: Method, lines: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        check(&method, &headers, Some(&Authority::from_static("localhost:8083"))).is_err()
    }

    #[test]
    fn pages_of_other_origins_are_refused_and_programs_and_our_own_pages_are_not() {
        for own in [
            &[][..],
            &[("origin", "http://localhost:8083"), ("sec-fetch-site", "same-origin")],
            &[("origin", "http://LOCALHOST:8083")],
            &[("sec-fetch-site", "none")],
        ] {
            assert!(!is_refused(Method::POST, own), "{own:?}");
            assert!(!is_refused(Method::GET, own), "{own:?}");
        }
        for other in [
            &[("origin", "http://evil.example")][..],
            &[("origin", "http://localhost:3000")],
            &[("origin", "http://127.0.0.1:8083")],
            &[("origin", "null")],
            &[("origin", "http://localhost:8083"), ("origin", "http://evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "http://localhost:8083")],
            &[("sec-fetch-site", "anything")],
        ] {
            assert!(is_refused(Method::POST, other), "{other:?}");
            assert!(is_refused(Method::GET, other), "{other:?}");
        }
    }

    #[test]
    fn a_link_may_be_followed_and_a_form_may_not_be_sent() {
        let link = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert!(!is_refused(Method::GET, &link));
        assert!(is_refused(Method::POST, &link));
        assert!(is_refused(Method::GET, &[link[0], link[1], ("sec-fetch-dest", "iframe")]));
    }

    #[test]
    fn the_port_of_a_scheme_need_not_be_named() {
        let own = |authority| Authority::from_static(authority);
        assert!(is_same("https://shop.example", &own("shop.example")));
        assert!(is_same("http://shop.example", &own("shop.example:80")));
        assert!(!is_same("https://shop.example", &own("shop.example:80")));
        assert!(!is_same("ftp://shop.example", &own("shop.example")));
    }
}
