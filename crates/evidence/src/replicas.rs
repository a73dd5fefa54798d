//! Reads each replica from its holder's database file, to read only, and compares it with its owner's
//! stream at the position that it stands at.

use std::path::Path;

use anyhow::Context as _;
use auditor::Checked;
use auditor::replicas::{Replica, begin, compare_customers, compare_products};
use client::run_file::RunFile;
use contracts::Service;
use contracts::choreography::MURMURATION;
use contracts::events::{Customer, Product};
use engine::database::{file_in, open_to_read};
use engine::{Read, StateError, positions, replicas};
use tokio::time::Instant;

use crate::gathering::{Cut, Gathering};

/// What one service holds of others.
#[derive(Default)]
struct Held {
    customers: Option<Replica<Customer>>,
    products: Option<Replica<Product>>,
}

/// Compares every replica of every service.
pub(crate) async fn check(
    running: &RunFile,
    gathering: &mut Gathering,
    deadline: Instant,
) -> Checked {
    let mut checked = begin();
    for holder in Service::ALL {
        let folder = match running.database_of(holder) {
            Ok(folder) => folder,
            Err(unnamed) => return checked.unknown(format!("{unnamed:#}")),
        };
        let read = tokio::task::spawn_blocking(move || read(&folder, holder)).await;
        let held = match read.context("the reading was cut off") {
            Ok(Ok(held)) => held,
            Ok(Err(error)) => {
                let text = format!("its replicas cannot be read: {error}");
                checked.found(holder, Vec::new(), text);
                continue;
            }
            Err(error) => return checked.unknown(format!("{error:#}")),
        };
        // Its holder may have read on since the streams were.
        if let Err(error) = gathering.reach(&held.cut(), deadline).await {
            return checked.unknown(format!("a replica of {holder}: {error}"));
        }
        let fold = gathering.fold();
        held.customers.into_iter().for_each(|held| compare_customers(&mut checked, fold, held));
        held.products.into_iter().for_each(|held| compare_products(&mut checked, fold, held));
    }
    checked
}

fn read(folder: &Path, holder: Service) -> Result<Held, StateError> {
    let mut held = Held::default();
    let replicates = |owner| MURMURATION.replicates(holder, owner);
    if !replicates(Service::Customer) && !replicates(Service::Product) {
        return Ok(held);
    }
    let connection = open_to_read(&file_in(folder, holder))?;
    // One snapshot: the positions and the states belong together.
    let snapshot = connection.unchecked_transaction()?;
    let state = Read::new(&snapshot);
    let positions = positions::load(&state)?;
    let folded = |owner| positions.of(owner).folded.sequence;
    if replicates(Service::Customer) {
        let (folded, states) = (folded(Service::Customer), replicas::all(&state)?);
        held.customers = Some(Replica { holder, folded, states });
    }
    if replicates(Service::Product) {
        let (folded, states) = (folded(Service::Product), replicas::all(&state)?);
        held.products = Some(Replica { holder, folded, states });
    }
    Ok(held)
}

impl Held {
    fn cut(&self) -> Cut {
        let customers = self.customers.as_ref().map(|held| (Service::Customer, held.folded));
        let products = self.products.as_ref().map(|held| (Service::Product, held.folded));
        customers.into_iter().chain(products).collect()
    }
}
