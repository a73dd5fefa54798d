//! Reads each replica from its holder's database file, to read only, and compares it with its owner's
//! stream at the position that it stands at.

use std::path::Path;

use anyhow::Context as _;
use auditor::Checked;
use auditor::replicas::{Replica, begin, compare_customers, compare_products};
use client::run_file::RunFile;
use contracts::choreography::MURMURATION;
use contracts::events::{Customer, Product};
use contracts::service;
use engine::database::{file_in, open_to_read};
use engine::{Read, StateError, positions, replicas};
use protocol::Service;
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
    for holder in service::ALL {
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
    if !replicates(service::CUSTOMER) && !replicates(service::PRODUCT) {
        return Ok(held);
    }
    let connection = open_to_read(&file_in(folder, holder))?;
    // One snapshot: the positions and the states belong together.
    let snapshot = connection.unchecked_transaction()?;
    let state = Read::new(&snapshot);
    let positions = positions::load(&state)?;
    let folded = |owner| positions.of(owner).folded.sequence;
    if replicates(service::CUSTOMER) {
        let (folded, states) = (folded(service::CUSTOMER), replicas::all(&state)?);
        held.customers = Some(Replica { holder, folded, states });
    }
    if replicates(service::PRODUCT) {
        let (folded, states) = (folded(service::PRODUCT), replicas::all(&state)?);
        held.products = Some(Replica { holder, folded, states });
    }
    Ok(held)
}

impl Held {
    fn cut(&self) -> Cut {
        let customers = self.customers.as_ref().map(|held| (service::CUSTOMER, held.folded));
        let products = self.products.as_ref().map(|held| (service::PRODUCT, held.folded));
        customers.into_iter().chain(products).collect()
    }
}
