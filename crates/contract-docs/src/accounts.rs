//! What each account of the broker may do: one account for each service, and one for the read side.
//!
//! Subjects of events follow from the choreography; the requests to JetStream are those that a
//! service's process makes. Permissions inside one account would not do: a user may name another's
//! subject as the reply of a request, and so write into its stream.
//!
//! Deliberately absent: accounts for people and their tools. `murmur` reads whatever its own
//! credentials let it read.

pub mod conf;
pub mod page;

use protocol::choreography::Choreography;
use protocol::{Service, heartbeat};

use crate::readers::QUERY;

/// One account, with its one user.
#[derive(Debug)]
pub struct Account {
    /// Its name, and its user's.
    pub name: String,
    /// Whether it has streams.
    pub owns_streams: bool,
    /// What the user may publish: events, requests, and what it says of itself.
    pub publishes: Vec<String>,
    /// What the user may subscribe to.
    pub subscribes: Vec<String>,
    /// Whether it answers requests.
    pub replies: bool,
    /// What other accounts may import.
    pub exports: Vec<Export>,
    /// What it imports.
    pub imports: Vec<Import>,
}

/// What an account offers to others.
#[derive(Debug)]
pub struct Export {
    /// The subject.
    pub subject: String,
    /// How it is used.
    pub way: Way,
    /// Who may import it.
    pub to: Vec<String>,
}

/// What an account takes from another.
#[derive(Debug)]
pub struct Import {
    /// Whose it is.
    pub from: Service,
    /// The subject there.
    pub subject: String,
    /// The subject here.
    pub as_subject: String,
    /// How it is used.
    pub way: Way,
}

/// How messages cross the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A request with one answer.
    Request,
    /// A request with an answer of many messages.
    Pull,
    /// Messages, without being asked.
    Messages,
}

/// All accounts.
#[must_use]
pub fn accounts(choreography: &Choreography) -> Vec<Account> {
    let services = choreography.services().map(|service| of_service(choreography, service));
    services.chain([of_query(choreography)]).collect()
}

/// Where the requests to JetStream for the stream of another account are imported.
#[must_use]
pub fn foreign_prefix(stream: Service) -> String {
    format!("JS.{}.API", stream.stream())
}

/// What the names of its inboxes begin with.
#[must_use]
pub fn inbox(user: &str) -> String {
    format!("_INBOX_{user}")
}

/// The streams of others that a service asks for something: those that it reads, and those that read its
/// own. The last event of such a one says how much of the own stream was seen, which a start looks at.
#[must_use]
pub fn foreign_streams(choreography: &Choreography, service: Service) -> Vec<Service> {
    let is_asked = |other: &Service| {
        choreography.streams_read_by(service).contains(other)
            || choreography.streams_read_by(*other).contains(&service)
    };
    choreography.services().filter(is_asked).collect()
}

/// The requests to JetStream that a look at a stream and its last event takes.
fn looking(stream: Service) -> Vec<(String, Way)> {
    let stream = stream.stream();
    ["INFO", "MSG.GET"].map(|verb| (format!("STREAM.{verb}.{stream}"), Way::Request)).into()
}

/// The requests that a reader of a stream makes. A consumer is let go of by not using it.
fn reading(stream: Service) -> Vec<(String, Way)> {
    let mut requests = looking(stream);
    let stream = stream.stream();
    requests.push((format!("CONSUMER.CREATE.{stream}"), Way::Request));
    requests.push((format!("CONSUMER.MSG.NEXT.{stream}.*"), Way::Pull));
    requests
}

/// What an owner asks JetStream beyond that, about its stream and the small one of its claims.
fn owning(service: Service) -> Vec<String> {
    let stream = service.stream();
    ["CREATE", "UPDATE", "DELETE"]
        .map(|verb| format!("STREAM.{verb}.{stream}"))
        .into_iter()
        .chain(["CREATE", "MSG.GET"].map(|verb| format!("STREAM.{verb}.{stream}_CLAIMS")))
        .collect()
}

fn of_service(choreography: &Choreography, service: Service) -> Account {
    let kinds = choreography.kinds().filter(|kind| kind.service() == service);
    let mut publishes: Vec<String> = kinds.map(|kind| format!("{kind}.*")).collect();
    publishes.extend([format!("{service}.claim"), service.heartbeat_subject()]);
    let requests = reading(service).into_iter().map(|(request, _)| request).chain(owning(service));
    publishes.extend(requests.map(|request| format!("$JS.API.{request}")));
    let read = choreography.streams_read_by(service);
    let foreign = foreign_streams(choreography, service).into_iter();
    let imports = foreign.flat_map(|stream| imports(stream, read.contains(&stream)));
    let imports: Vec<Import> = imports.collect();
    publishes.extend(imports.iter().map(|import| import.as_subject.clone()));
    Account {
        name: service.name().to_owned(),
        owns_streams: true,
        publishes,
        subscribes: vec![format!("{}.>", inbox(service.name())), service.verify_subject()],
        replies: true,
        exports: exports(choreography, service),
        imports,
    }
}

fn of_query(choreography: &Choreography) -> Account {
    let requests: Vec<Import> =
        choreography.services().flat_map(|stream| imports(stream, true)).collect();
    let mut publishes = vec![heartbeat::subject(QUERY)];
    publishes.extend(requests.iter().map(|import| import.as_subject.clone()));
    let heartbeats = choreography.services().map(|from| {
        let subject = from.heartbeat_subject();
        Import { from, as_subject: subject.clone(), subject, way: Way::Messages }
    });
    Account {
        name: QUERY.to_owned(),
        owns_streams: false,
        publishes,
        subscribes: vec![format!("{}.>", inbox(QUERY)), heartbeat::ALL_SUBJECTS.to_owned()],
        replies: false,
        exports: Vec::new(),
        imports: requests.into_iter().chain(heartbeats).collect(),
    }
}

/// What whoever asks for another's stream needs of its account.
fn imports(from: Service, reads: bool) -> Vec<Import> {
    let prefix = foreign_prefix(from);
    let requests = if reads { reading(from) } else { looking(from) };
    let import = |(request, way)| Import {
        from,
        subject: format!("$JS.API.{request}"),
        as_subject: format!("{prefix}.{request}"),
        way,
    };
    let mut imports: Vec<Import> = requests.into_iter().map(import).collect();
    if reads {
        let subject = from.verify_subject();
        imports.push(Import { from, as_subject: subject.clone(), subject, way: Way::Request });
    }
    imports
}

fn exports(choreography: &Choreography, service: Service) -> Vec<Export> {
    let with_query = |services: Vec<Service>| -> Vec<String> {
        let services = services.into_iter().map(|service| service.name().to_owned());
        services.chain([QUERY.to_owned()]).collect()
    };
    let readers = with_query(choreography.readers_of(service).collect());
    let lookers = with_query(foreign_streams(choreography, service));
    let looks = looking(service);
    let export = |request: (String, Way)| {
        let to = if looks.contains(&request) { lookers.clone() } else { readers.clone() };
        Export { subject: format!("$JS.API.{}", request.0), way: request.1, to }
    };
    let mut exports: Vec<Export> = reading(service).into_iter().map(export).collect();
    let (verify, heartbeat) = (service.verify_subject(), service.heartbeat_subject());
    exports.push(Export { subject: verify, way: Way::Request, to: readers });
    let to = vec![QUERY.to_owned()];
    exports.push(Export { subject: heartbeat, way: Way::Messages, to });
    exports
}

#[cfg(test)]
mod tests {
    use contracts::choreography::MURMURATION;
    use contracts::kind;

    use super::*;

    fn account(name: &str) -> Account {
        accounts(&MURMURATION).into_iter().find(|account| account.name == name).unwrap()
    }

    #[test]
    fn a_service_publishes_its_own_events_and_nobody_elses() {
        for account in accounts(&MURMURATION) {
            for kind in kind::ALL {
                let is_allowed = account.publishes.contains(&format!("{kind}.*"));
                assert_eq!(is_allowed, kind.service().name() == account.name, "{kind}");
            }
        }
    }

    #[test]
    fn a_service_reads_what_the_choreography_has_it_read() {
        let payment = account("payment");
        let may = |subject: &str| payment.publishes.iter().any(|allowed| allowed == subject);
        assert!(may("JS.INVENTORY.API.CONSUMER.CREATE.INVENTORY"));
        assert!(may("JS.CUSTOMER.API.STREAM.INFO.CUSTOMER") && may("customer.verify"));
        // Shipping reads payment: its last event says how much of payment's stream was seen.
        assert!(may("JS.SHIPPING.API.STREAM.MSG.GET.SHIPPING") && !may("shipping.verify"));
        assert!(!may("JS.SHIPPING.API.CONSUMER.CREATE.SHIPPING"));
        assert!(!may("JS.PRODUCT.API.STREAM.INFO.PRODUCT"));
        assert!(!may("JS.INVENTORY.API.STREAM.DELETE.INVENTORY"));
    }

    #[test]
    fn whatever_is_imported_is_exported_to_the_importer() {
        let all = accounts(&MURMURATION);
        for importer in &all {
            for import in &importer.imports {
                let exporter = account(import.from.name());
                let export = exporter.exports.iter().find(|one| one.subject == import.subject);
                let export = export.unwrap();
                assert!(export.to.contains(&importer.name) && export.way == import.way);
            }
        }
    }
}
