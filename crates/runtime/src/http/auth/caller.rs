//! Who asks, for routes to look at.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use warp::Filter;

use super::bearer::Bearer;
use super::scope::{Scope, Scopes};
use super::tokens::Entry;
use crate::http::Problem;
use crate::http::problem::kinds;

/// Who asks, and what for they may.
#[derive(Clone, Debug)]
pub struct Caller {
    entry: Option<Arc<Entry>>,
    scopes: Scopes,
    bearer: Option<Bearer>,
    from: Option<IpAddr>,
}

/// What those are counted by who take something of which there is little.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// Whoever holds a token of this name.
    Named(Arc<str>),
    /// Whoever calls from there, and has not said who it is.
    From(IpAddr),
}

impl Caller {
    /// Who has said nothing that is known, and may do this.
    pub(super) const fn unnamed(scopes: Scopes, from: Option<IpAddr>) -> Self {
        Self { entry: None, scopes, bearer: None, from }
    }

    /// Whose token this is.
    pub(super) fn named(entry: Arc<Entry>, from: Option<IpAddr>) -> Self {
        let scopes = entry.scopes;
        Self { entry: Some(entry), scopes, bearer: None, from }
    }

    /// Who has brought that.
    pub(super) fn with_bearer(self, bearer: Option<Bearer>) -> Self {
        Self { bearer, ..self }
    }

    /// What is known of its token, if it has brought one that is known.
    #[must_use]
    pub const fn entry(&self) -> Option<&Arc<Entry>> {
        self.entry.as_ref()
    }

    /// Whether it may do that.
    #[must_use]
    pub const fn may(&self, scope: Scope) -> bool {
        self.scopes.has(scope)
    }

    /// Refuses what its token is not good for.
    ///
    /// # Errors
    /// With the scope that it lacks.
    pub fn require(&self, scope: Scope, what: &str) -> Result<(), Problem> {
        if self.may(scope) {
            return Ok(());
        }
        Err(Problem::new(&kinds::MISSING_SCOPE)
            .detail(format!("{what} takes a token with the scope {scope}"))
            .with("scope", scope.name()))
    }

    /// What it has brought, to be passed on to whom it is asked of. Not all of it is known here.
    #[must_use]
    pub const fn bearer(&self) -> Option<&Bearer> {
        self.bearer.as_ref()
    }

    /// What it is counted by; nothing if whoever asks cannot be told from others.
    #[must_use]
    pub fn client(&self) -> Option<Client> {
        match (&self.entry, self.from) {
            (Some(entry), _) => Some(Client::Named(Arc::clone(&entry.name))),
            (None, from) => from.map(Client::From),
        }
    }
}

/// Who asks. Where no server of this crate has looked at the request, that is nobody who may anything.
pub fn caller() -> impl Filter<Extract = (Caller,), Error = Infallible> + Copy {
    warp::ext::optional::<Caller>().map(|caller: Option<Caller>| {
        caller.unwrap_or_else(|| Caller::unnamed(Scopes::default(), None))
    })
}
