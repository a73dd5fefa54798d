//! Where the page reaches the services that own what it acts on, and `/docs` the APIs that it shows.
//!
//! A browser sends its commands to their owners itself, as any client does. So it has to be told where they
//! are, and each owner which page may ask it (`--origin`). The composer owns nothing, and has an API.
//!
//! Deliberately absent: any command that this process would pass on.

use std::str::FromStr;

use contracts::service;
use protocol::Service;
use runtime::http::openapi::ShownApi;
use runtime::http::server::Routes;
use runtime::http::{StatusCode, json};
use runtime::warp::http::uri::{Authority, Uri};
use runtime::warp::{self, Filter};
use schemars::JsonSchema;
use serde::Serialize;

/// Where one owner, or the composer, is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageOwner {
    /// None for the composer.
    service: Option<Service>,
    place: Place,
}

/// The one process that owns nothing and has an API for others than the page.
const COMPOSER: &str = "composer";

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// At an origin of its own.
    Origin(String),
    /// At another port of the host by whose name the page was asked for, by the scheme by which it is served.
    Port(u16, &'static str),
}

/// Where the page reaches one owner.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OwnerAnswer {
    /// The owner.
    pub service: Service,
    /// Its address, without a path.
    pub url: String,
}

/// A text that says of no owner where it is.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "that is not SERVICE=URL: use one such as order=http://127.0.0.1:8083, or order=:8083 for another \
    port of the host at which the page is"
)]
pub struct InvalidPageOwner;

/// `GET /owners`.
pub(super) fn routes(owners: Vec<PageOwner>) -> Routes {
    let owners = warp::path!("owners")
        .and(warp::get())
        .and(warp::host::optional())
        .map(move |host: Option<Authority>| json(StatusCode::OK, &answers(&owners, host.as_ref())));
    owners.boxed()
}

/// The owners as somebody reaches them who has asked for the page by that name.
pub(super) fn answers(owners: &[PageOwner], host: Option<&Authority>) -> Vec<OwnerAnswer> {
    let answer = |owner: &PageOwner| {
        Some(OwnerAnswer { service: owner.service?, url: owner.url_for(host)? })
    };
    owners.iter().filter_map(answer).collect()
}

/// All APIs beside our own, as somebody reaches them who has asked for `/docs` by that name.
pub(super) fn apis(owners: &[PageOwner], host: Option<&Authority>) -> Vec<ShownApi> {
    let api = |owner: &PageOwner| {
        let name = owner.service.as_ref().map_or(COMPOSER, Service::name);
        Some(ShownApi { name: name.to_owned(), origin: owner.url_for(host)? })
    };
    owners.iter().filter_map(api).collect()
}

impl PageOwner {
    fn url_for(&self, host: Option<&Authority>) -> Option<String> {
        match &self.place {
            Place::Origin(url) => Some(url.clone()),
            Place::Port(port, scheme) => Some(format!("{scheme}://{}:{port}", host?.host())),
        }
    }

    /// The same, where the page is served over TLS.
    #[must_use]
    pub fn over_tls(self) -> Self {
        match self.place {
            Place::Port(port, _) => Self { place: Place::Port(port, "https"), ..self },
            Place::Origin(_) => self,
        }
    }
}

impl FromStr for PageOwner {
    type Err = InvalidPageOwner;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, place) = text.split_once('=').ok_or(InvalidPageOwner)?;
        let service = match name {
            COMPOSER => None,
            name => Some(service::named(name).map_err(|_| InvalidPageOwner)?),
        };
        if let Some(port) = place.strip_prefix(':') {
            let port = port.parse().map_err(|_| InvalidPageOwner)?;
            return Ok(Self { service, place: Place::Port(port, "http") });
        }
        let url: Uri = place.parse().map_err(|_| InvalidPageOwner)?;
        let is_origin = ["http", "https"].contains(&url.scheme_str().unwrap_or_default())
            && url.path_and_query().is_none_or(|rest| rest.as_str() == "/")
            // What is listed in a policy must not be able to end it.
            && !place.contains(['@', ';', ',', '\'']);
        let url = is_origin.then(|| place.trim_end_matches('/').to_owned());
        Ok(Self { service, place: Place::Origin(url.ok_or(InvalidPageOwner)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(owner: &str, host: &'static str) -> Option<String> {
        let owners = [owner.parse().unwrap()];
        let found = answers(&owners, Some(&Authority::from_static(host)));
        found.into_iter().next().map(|owner| owner.url)
    }

    #[test]
    fn an_owner_is_at_an_address_or_beside_the_page() {
        let (port, own) = ("order=:8083", "order=https://order.example/");
        assert_eq!(at(port, "localhost:8080").as_deref(), Some("http://localhost:8083"));
        assert_eq!(at(port, "[::1]:8080").as_deref(), Some("http://[::1]:8083"));
        assert_eq!(at(own, "localhost").as_deref(), Some("https://order.example"));
        let beside = port.parse().unwrap();
        assert!(answers(&[beside], None).is_empty(), "a client that names no host has no page");
    }

    #[test]
    fn the_composer_is_shown_and_owns_nothing() {
        let all = [":8083", ":8087"].iter().zip(["order", COMPOSER]);
        let all: Vec<PageOwner> =
            all.map(|(port, name)| format!("{name}={port}").parse().unwrap()).collect();
        let host = Authority::from_static("localhost:8080");
        assert_eq!(answers(&all, Some(&host)).len(), 1);
        let shown = apis(&all, Some(&host));
        let composer = &shown[1];
        assert_eq!(
            (composer.name.as_str(), composer.origin.as_str()),
            (COMPOSER, "http://localhost:8087")
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in [
            "",
            "order",
            "nobody=:1",
            "order=:x",
            "order=a",
            "order=ftp://a",
            "order=http://a/b",
            "order=http://u@a",
            "order=http://a;b",
        ] {
            assert_eq!(wrong.parse::<PageOwner>(), Err(InvalidPageOwner), "{wrong:?}");
        }
    }
}
