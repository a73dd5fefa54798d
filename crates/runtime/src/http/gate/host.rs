//! Whom a request is for. A page of another origin whose name was made to mean this machine (DNS
//! rebinding) is known by the name that its browser sends.
//!
//! Deliberately absent: a look at the port of loopback names. Ports are forwarded, and a name that
//! always means this machine cannot be made to mean it.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use warp::http::header::HOST;
use warp::http::uri::Authority;
use warp::http::{Request, Version};

use super::target::excerpt;
use crate::http::Problem;
use crate::http::command::wrong_header;
use crate::http::problem::kinds;

/// A name under which a process is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName {
    name: String,
    /// Only with this port; with any if none is named.
    port: Option<u16>,
}

/// A text that names no host.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no name of a host: use one such as shop.example or shop.example:8083")]
pub struct InvalidHostName(String);

/// The authority that a request is for, if this process answers for it: that of its target, or its
/// `Host`. None for a client that is too old to say.
pub(super) fn check<B>(
    request: &Request<B>,
    names: &[HostName],
    local: SocketAddr,
) -> Result<Option<Authority>, Problem> {
    let Some(authority) = named(request)? else { return Ok(None) };
    if is_known(&authority, names, local) {
        return Ok(Some(authority));
    }
    Err(Problem::new(&kinds::UNKNOWN_HOST).detail(format!(
        "it is called {:?} by the request: use localhost, or name it with --host or MURMUR_HOSTS",
        excerpt(authority.as_str())
    )))
}

fn named<B>(request: &Request<B>) -> Result<Option<Authority>, Problem> {
    let mut values = request.headers().get_all(HOST).iter();
    let header = match (values.next(), values.next()) {
        (None, _) if request.version() == Version::HTTP_10 => None,
        (None, _) => return Err(bad("it is missing")),
        (Some(_), Some(_)) => return Err(bad("it was sent more than once")),
        (Some(one), None) => {
            let authority = Authority::try_from(one.as_bytes()).ok();
            let plain = authority.filter(|authority| !authority.as_str().contains('@'));
            Some(plain.ok_or_else(|| bad("it is no name with or without a port"))?)
        }
    };
    match request.uri().authority() {
        Some(target) if target.as_str().contains('@') => Err(bad("the target names a user")),
        Some(target) => Ok(Some(target.clone())),
        None => Ok(header),
    }
}

fn is_known(authority: &Authority, names: &[HostName], local: SocketAddr) -> bool {
    let host = authority.host();
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_own = match literal.map(|address| address.to_canonical()) {
        Ok(address) => address.is_loopback() || address == local.ip().to_canonical(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    };
    is_own
        || names.iter().any(|known| {
            known.name.eq_ignore_ascii_case(host)
                && known.port.is_none_or(|port| authority.port_u16() == Some(port))
        })
}

fn bad(detail: &str) -> Problem {
    wrong_header("host", detail)
}

impl FromStr for HostName {
    type Err = InvalidHostName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || InvalidHostName(text.to_owned());
        let authority = text.trim().parse::<Authority>().map_err(|_| wrong())?;
        let bare = authority.host().len() == authority.as_str().len();
        let port = authority.port_u16();
        if authority.as_str().contains('@') || authority.host().is_empty() || bare == port.is_some()
        {
            return Err(wrong());
        }
        Ok(Self { name: authority.host().to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(host: &str, names: &[&str]) -> u16 {
        let names: Vec<HostName> = names.iter().map(|name| name.parse().unwrap()).collect();
        let request = Request::get("/orders").header(HOST, host).body(()).unwrap();
        let local = "10.1.2.3:8080".parse().unwrap();
        check(&request, &names, local).map_or_else(|problem| problem.status.as_u16(), |_| 200)
    }

    #[test]
    fn only_names_of_this_machine_and_those_that_were_given_to_it_are_answered() {
        for own in ["localhost", "LOCALHOST:1", "127.0.0.1:8083", "[::1]:80", "10.1.2.3:8080"] {
            assert_eq!(answers(own, &[]), 200, "{own}");
        }
        let foreign =
            ["evil.example", "localhost.evil.example:8080", "10.1.2.4:8080", "0.0.0.0:8080"];
        for foreign in foreign {
            assert_eq!(answers(foreign, &["order"]), 421, "{foreign}");
        }
        for wrong in ["", "localhost@evil.example", "a b", "http://localhost"] {
            assert_eq!(answers(wrong, &[]), 400, "{wrong:?}");
        }
        assert_eq!(answers("Order:8080", &["order", "shop.example:443"]), 200);
        assert_eq!(answers("shop.example:443", &["order", "shop.example:443"]), 200);
        assert_eq!(answers("shop.example", &["order", "shop.example:443"]), 421);
    }

    #[test]
    fn a_host_is_one_and_must_be_there_unless_the_target_or_the_age_of_the_client_says_it() {
        let local = "127.0.0.1:8080".parse().unwrap();
        let status = |request: Request<()>| {
            check(&request, &[], local).map_or_else(|problem| problem.status.as_u16(), |_| 200)
        };
        assert_eq!(status(Request::get("/").body(()).unwrap()), 400);
        let old = Request::get("/").version(Version::HTTP_10);
        assert_eq!(status(old.body(()).unwrap()), 200);
        let two = Request::get("/").header(HOST, "localhost").header(HOST, "localhost");
        assert_eq!(status(two.body(()).unwrap()), 400);
        let absolute = Request::get("http://evil.example/").header(HOST, "localhost");
        assert_eq!(status(absolute.body(()).unwrap()), 421);
    }

    #[test]
    fn names_are_given_plainly() {
        for wrong in ["", "http://a", "a/b", "a:", "a:b", "u@a", "a b"] {
            assert!(wrong.parse::<HostName>().is_err(), "{wrong:?}");
        }
    }
}
