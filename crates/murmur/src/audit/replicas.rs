//! Reads each replica from its holder's database file, to read only.

use std::path::Path;

use auditor::replicas::{Replica, begin, compare_customers, compare_products};
use auditor::{Checked, Fold};
use contracts::Service;
use contracts::choreography::MURMURATION;
use engine::database::{file_in, open_to_read};
use engine::{Read, StateError, positions, replicas};

/// Compares every replica of every service, from their database files, to read only.
pub(crate) fn check(data: &Path, fold: &Fold) -> Checked {
    let mut checked = begin();
    for holder in Service::ALL {
        let owners = [Service::Customer, Service::Product];
        let held: Vec<_> =
            owners.into_iter().filter(|owner| MURMURATION.replicates(holder, *owner)).collect();
        if let Err(error) = check_holder(&mut checked, data, fold, holder, &held) {
            checked.found(holder, Vec::new(), format!("its replicas cannot be read: {error}"));
        }
    }
    checked
}

fn check_holder(
    checked: &mut Checked,
    data: &Path,
    fold: &Fold,
    holder: Service,
    held: &[Service],
) -> Result<(), StateError> {
    if held.is_empty() {
        return Ok(());
    }
    let connection = open_to_read(&file_in(&data.join(holder.name()), holder))?;
    // One snapshot: the position and the states belong together.
    let snapshot = connection.unchecked_transaction()?;
    let state = Read::new(&snapshot);
    let positions = positions::load(&state)?;
    for owner in held {
        let folded = positions.of(*owner).folded.sequence;
        if *owner == Service::Customer {
            let states = replicas::all(&state)?;
            compare_customers(checked, fold, Replica { holder, folded, states });
        } else {
            let states = replicas::all(&state)?;
            compare_products(checked, fold, Replica { holder, folded, states });
        }
    }
    Ok(())
}
