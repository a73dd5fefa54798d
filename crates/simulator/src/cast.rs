//! Who takes part in a world: the shop's six services, with their real domains, and services beside them.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use auditor::Fold;
use engine::batch::RestoreError;
use engine::database::OpenError;
use engine::{Database, Domain, Engine, StateError};
use protocol::choreography::{Choreography, Declared};
use protocol::{Row, Service};

use crate::process::{Beginning, Driver, Shell};
use crate::services::{NOT_SERVED, What, keys};

/// How long an order may stay placed, in milliseconds, unless it says otherwise.
const DEADLINE_MS: u32 = 30_000;

const ORDER: order::OrderDomain = order::OrderDomain { deadline_ms: DEADLINE_MS, hand_over_ms: 0 };

/// What a service brings to judge its own stream by: all that the streams say, and its rows. What it finds is
/// wrong.
pub type OwnCheck = fn(&Fold, &[Row]) -> Vec<String>;

type Process = dyn Fn(Beginning) -> Result<Box<dyn Shell>, StateError> + Send + Sync;
type Folding = dyn Fn(Database, &[Row]) -> Result<Database, RestoreError> + Send + Sync;

/// A service that takes part beside the shop's, in worlds that know nothing of it but this.
#[derive(Clone, Debug)]
pub struct Newcomer {
    member: Member,
    check: OwnCheck,
}

/// One service: how a process of it is made, and what its rows alone come to.
#[derive(Clone)]
struct Member {
    service: Service,
    choreography: &'static Choreography,
    migrations: &'static [&'static str],
    process: Arc<Process>,
    folding: Arc<Folding>,
}

/// All who take part in a world.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    members: Rc<[Member]>,
    newcomers: Rc<[Newcomer]>,
}

impl Newcomer {
    /// The service of this domain: it reads what it declares, and clients ask nothing of it. Its stream is
    /// judged by what it declares, and by what it brings itself.
    pub fn of<D: Domain>(make: fn() -> D, check: OwnCheck) -> Self {
        Self { member: Member::of(make, |_| None), check }
    }

    pub(crate) const fn service(&self) -> Service {
        self.member.service
    }

    pub(crate) fn declared(&self) -> Declared {
        Declared::of(self.member.choreography, self.member.service)
    }

    pub(crate) fn check(&self, fold: &Fold, rows: &[Row]) -> Vec<String> {
        (self.check)(fold, rows)
    }
}

macro_rules! asked {
    ($service:ident) => {
        |what| if let What::$service(command) = what { Some(command.clone()) } else { None }
    };
}

impl Cast {
    /// The shop's services, in the order in which an order meets them, and these beside them.
    pub(crate) fn with(newcomers: &[Newcomer]) -> Self {
        let shop = [
            Member::of(customer::domain::CustomerDomain::default, asked!(Customer)),
            Member::of(product::domain::ProductDomain::default, asked!(Product)),
            Member::of(|| ORDER, asked!(Order)),
            Member::of(|| inventory::domain::InventoryDomain, asked!(Inventory)),
            Member::of(|| payment::PaymentDomain, asked!(Payment)),
            Member::of(shipping, |_| None),
        ];
        let beside = newcomers.iter().map(|newcomer| newcomer.member.clone());
        Self { members: shop.into_iter().chain(beside).collect(), newcomers: newcomers.into() }
    }

    /// Their names, in order.
    pub(crate) fn services(&self) -> Vec<Service> {
        self.members.iter().map(|member| member.service).collect()
    }

    /// Those beside the shop's.
    pub(crate) fn newcomers(&self) -> &[Newcomer] {
        &self.newcomers
    }

    /// Every stream that a service reads.
    pub(crate) fn streams_read_by(&self, service: Service) -> Vec<Service> {
        let streams = |member: &Member| member.choreography.streams_read_by(service);
        self.find(service).map(streams).unwrap_or_default()
    }

    /// Whom a service can ask what they have read of its stream: those of its own choreography. A service beside
    /// the shop's is asked by nobody.
    pub(crate) fn known_to(&self, service: Service) -> Vec<Service> {
        let services = |member: &Member| member.choreography.services().collect();
        self.find(service).map(services).unwrap_or_default()
    }

    /// Whether a service keeps a replica of another one's stream.
    pub(crate) fn replicates(&self, service: Service, stream: Service) -> bool {
        self.find(service).is_some_and(|member| member.choreography.replicates(service, stream))
    }

    /// A new process of a service over a database.
    pub(crate) fn process(
        &self,
        service: Service,
        with: Beginning,
    ) -> Result<Box<dyn Shell>, StateError> {
        let member = self.find(service).ok_or_else(|| unknown(service))?;
        (member.process)(with)
    }

    /// A database that holds nothing but what these rows tell.
    pub(crate) fn fold(&self, service: Service, rows: &[Row]) -> Result<Database, RestoreError> {
        let member = self.find(service).ok_or_else(|| unknown(service))?;
        let failed = |error: OpenError| StateError::Contradiction(error.to_string());
        (member.folding)(self.empty_database(service).map_err(failed)?, rows)
    }

    /// An empty database of a service.
    pub(crate) fn empty_database(&self, service: Service) -> Result<Database, OpenError> {
        let migrations = self.find(service).map_or(&[][..], |member| member.migrations);
        Database::in_memory(service, migrations)
    }

    fn find(&self, service: Service) -> Option<&Member> {
        self.members.iter().find(|member| member.service == service)
    }
}

impl Member {
    fn of<D: Domain>(make: fn() -> D, command: fn(&What) -> Option<D::Command>) -> Self {
        Self {
            service: D::SERVICE,
            choreography: D::choreography(),
            migrations: D::MIGRATIONS,
            process: Arc::new(move |with: Beginning| -> Result<Box<dyn Shell>, StateError> {
                Ok(Box::new(Driver::new(make(), command, with)?))
            }),
            folding: Arc::new(move |database, rows: &[Row]| -> Result<Database, RestoreError> {
                let mut engine = Engine::new(make(), database, keys())?;
                engine.restore(rows)?;
                Ok(engine.into_database())
            }),
        }
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.service.fmt(f)
    }
}

fn shipping() -> shipping::domain::ShippingDomain {
    shipping::domain::ShippingDomain::new([NOT_SERVED].into_iter().collect())
}

/// Nobody has written a service of that name.
fn unknown(service: Service) -> StateError {
    StateError::Contradiction(format!("{service} is none of the simulated services"))
}
