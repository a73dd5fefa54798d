//! What each account of the broker may do: one account for each service, one for the read side, and one
//! for the operator, which reads all streams and writes into none.
//!
//! Subjects of events follow from the choreography; the requests to JetStream are those that a
//! service's process makes. Permissions inside one account would not do: a user may name another's
//! subject as the reply of a request, and so write into its stream.
//!
//! Deliberately absent: passwords, and what a service outside of the choreography publishes and why.

pub mod conf;
pub mod page;

use protocol::choreography::Choreography;
use protocol::{Service, heartbeat};

use crate::readers::QUERY;

/// Where the answers to requests of other accounts go: to subjects that the broker makes, one a request, that nobody
/// else can name. Permission by `allow_responses` would have the broker note each message that it delivers as one that
/// may be answered, and 2.9 looks through all of them at each message once there are many: three quarters of its work
/// while a service restores.
const ANSWERS: &str = "_R_.>";

/// The account of who looks after the system: it reads every stream.
pub const OPERATOR: &str = "operator";

/// One account, with its user.
#[derive(Debug)]
pub struct Account {
    /// Its name, and its user's.
    pub name: String,
    /// Whether it has streams.
    pub owns_streams: bool,
    /// Whether the operator has a user of its own in it, who may do everything there.
    pub is_open_to_operator: bool,
    /// What the user may publish: events, requests, and what it says of itself.
    pub publishes: Vec<String>,
    /// What the user may subscribe to.
    pub subscribes: Vec<String>,
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

/// A service that takes part and stands in no choreography that is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// Its name.
    pub service: Service,
    /// The streams that it reads.
    pub reads: Vec<Service>,
}

/// A service, as its account has to know it.
struct Party {
    service: Service,
    /// Where its events go.
    events: Vec<String>,
    reads: Vec<Service>,
    /// The streams that it looks at, those that it reads among them.
    asks: Vec<Service>,
}

impl Account {
    /// The streams of others that its user asks for something.
    #[must_use]
    pub fn foreign_streams(&self) -> Vec<Service> {
        let requests = self.imports.iter().filter(|import| import.way == Way::Request);
        let mut streams: Vec<Service> = requests.map(|import| import.from).collect();
        streams.dedup();
        streams
    }
}

/// All accounts of a choreography, and of those that take part beside it.
#[must_use]
pub fn accounts(choreography: &Choreography, newcomers: &[Newcomer]) -> Vec<Account> {
    let known = choreography.services().map(|service| party(choreography, service));
    let newcomers = newcomers.iter().map(|newcomer| Party {
        service: newcomer.service,
        events: vec![format!("{}.*.*", newcomer.service)],
        reads: newcomer.reads.clone(),
        asks: newcomer.reads.clone(),
    });
    let parties: Vec<Party> = known.chain(newcomers).collect();
    let services = parties.iter().map(|party| of_service(party, &parties));
    services.chain([of_query(&parties), of_reader(OPERATOR, &parties)]).collect()
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

/// The name of the operator's user in the account of a service.
#[must_use]
pub fn operator_in(account: &str) -> String {
    format!("{account}-{OPERATOR}")
}

/// A service asks for the streams that it reads, and for those that read its own: the last event of such a
/// one says how much of the own stream was seen, which a start looks at.
fn party(choreography: &Choreography, service: Service) -> Party {
    let reads = choreography.streams_read_by(service);
    let is_asked = |other: &Service| {
        reads.contains(other) || choreography.streams_read_by(*other).contains(&service)
    };
    let asks = choreography.services().filter(is_asked).collect();
    let kinds = choreography.kinds().filter(|kind| kind.service() == service);
    let events = kinds.map(|kind| format!("{kind}.*")).collect();
    Party { service, events, reads, asks }
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

fn of_service(party: &Party, parties: &[Party]) -> Account {
    let service = party.service;
    let mut publishes = party.events.clone();
    publishes.extend([format!("{service}.claim"), service.heartbeat_subject()]);
    let requests = reading(service).into_iter().map(|(request, _)| request).chain(owning(service));
    publishes.extend(requests.map(|request| format!("$JS.API.{request}")));
    let imports = party.asks.iter().flat_map(|asked| imports(*asked, party.reads.contains(asked)));
    let imports: Vec<Import> = imports.collect();
    publishes.extend(imports.iter().map(|import| import.as_subject.clone()));
    publishes.push(ANSWERS.to_owned());
    Account {
        name: service.name().to_owned(),
        owns_streams: true,
        is_open_to_operator: false,
        publishes,
        subscribes: vec![format!("{}.>", inbox(service.name())), service.verify_subject()],
        exports: exports(service, parties),
        imports,
    }
}

/// Reads all streams.
fn of_reader(name: &str, parties: &[Party]) -> Account {
    let requests = parties.iter().flat_map(|party| imports(party.service, true));
    let requests: Vec<Import> = requests.collect();
    Account {
        name: name.to_owned(),
        owns_streams: false,
        is_open_to_operator: false,
        publishes: requests.iter().map(|import| import.as_subject.clone()).collect(),
        subscribes: vec![format!("{}.>", inbox(name))],
        exports: Vec::new(),
        imports: requests,
    }
}

/// Reads all streams, and hears of everybody.
fn of_query(parties: &[Party]) -> Account {
    let mut account = of_reader(QUERY, parties);
    account.publishes.insert(0, heartbeat::subject(QUERY));
    account.subscribes.push(heartbeat::ALL_SUBJECTS.to_owned());
    account.imports.extend(parties.iter().map(|party| {
        let (from, subject) = (party.service, party.service.heartbeat_subject());
        Import { from, as_subject: subject.clone(), subject, way: Way::Messages }
    }));
    account
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

fn exports(service: Service, parties: &[Party]) -> Vec<Export> {
    let and_all_readers = |is_one: &dyn Fn(&&Party) -> bool| -> Vec<String> {
        let parties = parties.iter().filter(is_one).map(|party| party.service.name());
        parties.chain([QUERY, OPERATOR]).map(ToOwned::to_owned).collect()
    };
    let readers = and_all_readers(&|party| party.reads.contains(&service));
    let lookers = and_all_readers(&|party| party.asks.contains(&service));
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

    const LOYALTY: Service = Service::named("loyalty");

    fn all() -> Vec<Account> {
        let reads = vec![contracts::service::ORDER];
        accounts(&MURMURATION, &[Newcomer { service: LOYALTY, reads }])
    }

    fn account(name: &str) -> Account {
        all().into_iter().find(|account| account.name == name).unwrap()
    }

    #[test]
    fn a_service_publishes_its_own_events_and_nobody_elses() {
        for account in all() {
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
    fn a_newcomer_reads_what_was_said_and_writes_its_own_stream_only() {
        let loyalty = account("loyalty");
        assert_eq!(loyalty.foreign_streams(), [contracts::service::ORDER]);
        let may = |subject: &str| loyalty.publishes.iter().any(|allowed| allowed == subject);
        assert!(may("loyalty.*.*") && may("$JS.API.STREAM.CREATE.LOYALTY"));
        assert!(may("JS.ORDER.API.CONSUMER.CREATE.ORDER"));
        assert!(!may("JS.CUSTOMER.API.STREAM.INFO.CUSTOMER"));
        assert!(!account("order").foreign_streams().contains(&LOYALTY));
    }

    #[test]
    fn the_operator_asks_for_every_stream_and_says_nothing_of_its_own() {
        let operator = account(OPERATOR);
        assert_eq!(operator.foreign_streams().len(), contracts::service::ALL.len() + 1);
        let is_asked =
            |subject: &String| subject.starts_with("JS.") || subject.ends_with(".verify");
        assert!(operator.publishes.iter().all(is_asked) && operator.exports.is_empty());
    }

    #[test]
    fn whatever_is_imported_is_exported_to_the_importer() {
        for importer in all() {
            for import in &importer.imports {
                let exporter = account(import.from.name());
                let export = exporter.exports.iter().find(|one| one.subject == import.subject);
                let export = export.unwrap();
                assert!(export.to.contains(&importer.name) && export.way == import.way);
            }
        }
    }
}
