//! P1: what clients were told, as the auditor's journal, and what it cannot say: requests without a
//! key.

use auditor::journal::{Durability, Entry, Outcome};
use auditor::{Checked, Fold, invariants::commands};
use engine::promise::Durability as Kept;
use protocol::{Chain, Id, Service};
use serde_json::json;

use crate::clients::workload::placed_order;
use crate::clients::{self, Request};
use crate::env::Response;
use crate::services::What;
use crate::world::World;

/// Compares all that clients were told with what the streams say.
pub(super) fn check(world: &World, fold: &Fold) -> Checked {
    let mut entries = Vec::new();
    for request in &world.clients.requests {
        let Some(key) = &request.ask.key else { continue };
        for attempt in &request.outcomes {
            entries.push(entry(world, fold, request, key, attempt));
        }
    }
    let mut checked = commands::check(fold, &entries);
    for request in world.clients.requests.iter().filter(|request| request.ask.key.is_none()) {
        check_without_key(&mut checked, world, fold, request);
    }
    for response in world.clients.requests.iter().flat_map(|request| &request.outcomes) {
        if let clients::Outcome::Answered(Response::Failed(reason), _) = &response.outcome {
            checked.found("a command", Vec::new(), format!("it could not be handled: {reason}"));
        }
    }
    checked
}

fn entry(
    world: &World,
    fold: &Fold,
    request: &Request,
    key: &str,
    attempt: &clients::Attempted,
) -> Entry {
    let what = &request.ask.what;
    let service = what.service();
    let mut entry = Entry {
        service,
        command: what.command().to_owned(),
        id: Some(what.id().clone()),
        key: key.to_owned(),
        request: what.request_hash(),
        attempt: attempt.attempt,
        outcome: Outcome::Unknown,
        answer: None,
        durability: None,
        row: None,
    };
    let clients::Outcome::Answered(response, kept) = &attempt.outcome else { return entry };
    match response {
        Response::Unavailable | Response::Failed(_) => {}
        Response::Refused | Response::KeyReused => entry.outcome = Outcome::Failed,
        Response::Unchanged => {
            entry.outcome = Outcome::Ok;
            entry.durability = Some(match kept {
                Kept::Replicated => Durability::Replicated,
                Kept::Local => Durability::Local,
            });
        }
        Response::Accepted { sequence, chain, kind, .. } => {
            if *kept == Kept::Local && is_lost(world, fold, service, *sequence, *chain) {
                return entry;
            }
            entry.outcome = Outcome::Ok;
            entry.answer = Some(json!([sequence, chain.to_string(), kind]));
            entry.durability = Some(match kept {
                Kept::Replicated => Durability::Replicated,
                Kept::Local => Durability::Local,
            });
            entry.row = (*kept == Kept::Replicated).then_some(*sequence);
        }
    }
    entry
}

/// Whether a change that was kept in one place only was lost with that place.
fn is_lost(world: &World, fold: &Fold, service: Service, sequence: u64, chain: Chain) -> bool {
    let stream = fold.streams.get(&service);
    let there = stream.and_then(|stream| stream.chain_at(sequence)) == Some(chain);
    let lost_database = world.hosts.get(&service).is_some_and(|host| host.lost_a_database);
    !there && lost_database
}

/// A row that a client was told of is there; an order of which no client was told is there at most
/// if somebody's answer is open.
fn check_without_key(checked: &mut Checked, world: &World, fold: &Fold, request: &Request) {
    let service = request.ask.what.service();
    checked.examined += 1;
    for (sequence, chain, kept) in request.accepted() {
        let stream = fold.streams.get(&service);
        let there = stream.and_then(|stream| stream.chain_at(sequence)) == Some(chain);
        let may_be_lost = kept == Kept::Local && is_lost(world, fold, service, sequence, chain);
        if !there && !may_be_lost {
            let text = format!("it was accepted as row {sequence}, which is another one");
            checked.found(request.ask.what.id(), Vec::new(), text);
        }
    }
    let Some(order) = placed_order(&request.ask.what) else { return };
    let accepted = request.accepted().next().is_some();
    if fold.orders.contains_key(order) && !accepted && !request.is_open() {
        checked.found(order, Vec::new(), "it was refused and is there");
    }
}

impl What {
    /// The command's name in the choreography.
    fn command(&self) -> &'static str {
        use engine::Domain;
        match self {
            Self::Customer(command) => customer::domain::CustomerDomain::command_name(command),
            Self::Product(command) => product::domain::ProductDomain::command_name(command),
            Self::Order(command) => order::OrderDomain::command_name(command),
            Self::Inventory(command) => inventory::domain::InventoryDomain::command_name(command),
            Self::Payment(command) => payment::PaymentDomain::command_name(command),
        }
    }

    /// What it is about.
    fn id(&self) -> &Id {
        match self {
            Self::Customer(command) => command.id(),
            Self::Product(command) => command.id(),
            Self::Order(order::Command::Cancel(id)) => id,
            Self::Inventory(inventory::domain::Command::Stock { sku, .. }) => sku,
            Self::Order(order::Command::Place(place)) => &place.id,
            Self::Payment(payment::Command::Settle { customer_id, .. }) => customer_id,
        }
    }
}
