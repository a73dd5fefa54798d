//! An API as the server takes it: routes, and the table of what they take.
//!
//! The table is made of the operations that the API's document describes, so that what is described,
//! what `Allow` says and which parameters are known cannot come to differ.

use std::sync::Arc;

use warp::Filter as _;
use warp::http::Method;

use super::auth::{Access, Guard};
use super::gate::host::HostName;
use super::gate::origins::WebOrigin;
use super::openapi::{self, Document, Operation};
use super::server::{Front, Patience, Routes};
use crate::tls::Certificate;

/// Routes, and all that the server has to know of them.
#[derive(Clone)]
pub struct Api {
    pub(super) routes: Routes,
    pub(super) table: Arc<Table>,
    /// Whether paths that the table does not name are for the routes all the same.
    pub(super) is_open: bool,
    pub(super) front: Option<Front>,
    pub(super) hosts: Vec<HostName>,
    pub(super) origins: Vec<WebOrigin>,
    pub(super) guard: Guard,
    /// Descriptors that an answer may take besides its connection.
    pub(super) descriptors_each: usize,
    pub(super) patience: Patience,
    /// By what the server is known; without, it speaks no TLS.
    pub(super) certificate: Option<Arc<Certificate>>,
}

/// What is at which path.
#[derive(Debug, Default)]
pub struct Table(Vec<Entry>);

/// What one method at one path takes.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) method: Method,
    template: &'static str,
    /// What it asks of who calls it.
    pub(super) access: Access,
    /// The names of the parts of its query; none if whatever stands there is passed over.
    pub(super) parameters: Option<Vec<&'static str>>,
}

impl Api {
    /// Routes that are described, with the description itself and a page to try them.
    #[must_use]
    pub fn new(routes: Routes, document: Document) -> Self {
        let table = Arc::clone(document.table());
        let routes = routes.or(openapi::routes(document)).unify().boxed();
        Self { table, is_open: false, ..Self::from(routes) }
    }

    /// With further routes, which are asked first and whose operations are described already.
    #[must_use]
    pub fn with(self, routes: Routes) -> Self {
        Self { routes: routes.or(self.routes).unify().boxed(), ..self }
    }

    /// With somebody who is asked before the routes are.
    #[must_use]
    pub fn behind(self, front: Front) -> Self {
        Self { front: Some(front), ..self }
    }

    /// Served under these names, too.
    #[must_use]
    pub fn called(self, hosts: &[HostName]) -> Self {
        Self { hosts: hosts.to_vec(), ..self }
    }

    /// Served to pages of these origins, too.
    #[must_use]
    pub fn open_to(self, origins: &[WebOrigin]) -> Self {
        Self { origins: origins.to_vec(), ..self }
    }

    /// Served to whom this lets in; without, to everybody.
    #[must_use]
    pub fn guarded(self, guard: Guard) -> Self {
        Self { guard, ..self }
    }

    /// Served over TLS, by who is known by this; without, over none.
    #[must_use]
    pub fn known_by(self, certificate: Option<Arc<Certificate>>) -> Self {
        Self { certificate, ..self }
    }

    /// With clients that are waited for so long.
    #[must_use]
    pub fn patient_for(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// With paths that are not described, too, which the routes answer by any method.
    #[must_use]
    pub fn open(self) -> Self {
        Self { is_open: true, ..self }
    }

    /// With answers that take so many descriptors each while they are made.
    #[must_use]
    pub fn taking_descriptors(self, each: usize) -> Self {
        Self { descriptors_each: each, ..self }
    }
}

/// Routes that nobody has described: they see to their methods and queries themselves.
impl From<Routes> for Api {
    fn from(routes: Routes) -> Self {
        Self {
            routes,
            table: Arc::default(),
            is_open: true,
            front: None,
            hosts: Vec::new(),
            origins: Vec::new(),
            guard: Guard::default(),
            descriptors_each: 0,
            patience: Patience::default(),
            certificate: None,
        }
    }
}

impl Table {
    pub(super) fn of(operations: &[Operation]) -> Self {
        Self(operations.iter().filter_map(Entry::of).collect())
    }

    /// What that method takes there.
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.method == *method && matches(entry.template, path))
    }

    /// What is there by each method; nothing if no such path is known.
    pub(super) fn at(&self, path: &str) -> Vec<&Entry> {
        self.0.iter().filter(|entry| matches(entry.template, path)).collect()
    }

    /// All methods that any path knows, in the order of their first path.
    pub(super) fn methods(&self) -> Vec<&Entry> {
        self.0.iter().collect()
    }
}

impl Entry {
    fn of(operation: &Operation) -> Option<Self> {
        let method = operation.method().to_ascii_uppercase();
        Some(Self {
            method: Method::from_bytes(method.as_bytes()).ok()?,
            template: operation.path(),
            access: operation.access(),
            parameters: operation.query_names(),
        })
    }
}

/// Whether a path is one of a template: the same but for its parameters. A last one that begins with
/// a star stands for all that follows.
fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut found) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == found => {}
            (Some(wanted), Some(found)) if wanted.starts_with("{*") && !found.is_empty() => {
                return true;
            }
            (Some(wanted), Some(found)) if wanted.starts_with('{') && !found.is_empty() => {}
            (Some(_) | None, Some(_) | None) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_known_by_its_template() {
        let plain = |method, path| Operation::plain(Access::Anybody, method, path, "x");
        let get = |path| plain("get", path);
        let all = [get("/mugs"), plain("put", "/mugs/{id}"), get("/page/{*file}")];
        let table = Table::of(&all);
        let methods = |path: &str| {
            table.at(path).into_iter().map(|entry| entry.method.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            (methods("/mugs/red"), methods("/mugs")),
            (vec!["PUT".into()], vec!["GET".into()])
        );
        assert_eq!(methods("/page/js/main.js"), ["GET"]);
        for nowhere in ["/", "", "/mugs/", "//mugs", "/mugs/red/handle", "/cups/red", "/page/"] {
            assert!(methods(nowhere).is_empty(), "{nowhere}");
        }
    }
}
