//! 7: each replica equals its owner's state, at the position that the replica stands at.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use contracts::choreography::MURMURATION;
use contracts::events::{Customer, Product};
use contracts::{Id, Service};
use engine::database::{file_in, open_to_read};
use engine::replicas::{self, Replicated};
use engine::{Read, StateError, positions};

use super::fold::{Fold, Place};
use super::invariants::{Checked, Invariant};

/// Compares every replica of every service, from their database files, to read only.
pub(crate) fn check(data: &Path, fold: &Fold) -> Checked {
    let mut checked = Checked::new(Invariant::Replicas, "states in replicas");
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
        let at = positions.of(*owner).folded.sequence;
        if *owner == Service::Customer {
            let found = replicas::all::<Customer>(&state)?;
            compare(checked, holder, at, &fold.customers, by_id(found, |customer| &customer.id));
        } else {
            let found = replicas::all::<Product>(&state)?;
            compare(checked, holder, at, &fold.products, by_id(found, |product| &product.sku));
        }
    }
    Ok(())
}

fn by_id<T>(found: Vec<(u64, T)>, id: impl Fn(&T) -> &Id) -> BTreeMap<Id, (u64, T)> {
    found.into_iter().map(|(version, state)| (id(&state).clone(), (version, state))).collect()
}

fn compare<T: Replicated + PartialEq + Debug>(
    checked: &mut Checked,
    holder: Service,
    at: u64,
    owned: &BTreeMap<Id, BTreeMap<u64, T>>,
    mut found: BTreeMap<Id, (u64, T)>,
) {
    for (id, versions) in owned {
        let Some((version, state)) = versions.range(..=at).next_back() else { continue };
        checked.examined += 1;
        let wrong = match found.remove(id) {
            Some((held, copy)) if held == *version && copy == *state => continue,
            Some((held, _)) if held == *version => {
                format!("its replica of {id} in version {version} is another state")
            }
            Some((held, _)) => format!("its replica has {id} in version {held}, not {version}"),
            None => format!("its replica has no {id}, which is in version {version}"),
        };
        checked.found(holder, place::<T>(*version), wrong);
    }
    for (id, (version, _)) in found {
        let text = format!("its replica has {id}, which its owner never published");
        checked.found(holder, place::<T>(version), text);
    }
}

fn place<T: Replicated>(version: u64) -> Vec<Place> {
    vec![Place { service: T::OWNER, sequence: version }]
}

#[cfg(test)]
mod tests {
    use super::super::invariants::histories::{completed, differences};
    use super::*;

    fn found(at: u64, change: impl FnOnce(&mut BTreeMap<Id, (u64, Product)>)) -> Vec<String> {
        let fold = completed().fold();
        let newest = |versions: &BTreeMap<u64, Product>| {
            let (version, state) = versions.iter().next_back().unwrap();
            (*version, state.clone())
        };
        let mut replica = fold.products.iter().map(|(id, v)| (id.clone(), newest(v))).collect();
        change(&mut replica);
        let mut checked = Checked::new(Invariant::Replicas, "states");
        compare(&mut checked, Service::Order, at, &fold.products, replica);
        differences(&checked)
    }

    #[test]
    fn a_replica_that_has_folded_all_is_well() {
        assert_eq!(found(2, |_| {}), Vec::<String>::new());
    }

    #[test]
    fn a_replica_that_is_ahead_of_its_position_or_lacks_something_is_found() {
        assert_eq!(found(1, |_| {}), ["its replica has lamp, which its owner never published"]);
        let lacking = found(2, |replica| drop(replica.remove(&"mug".parse().unwrap())));
        assert_eq!(lacking, ["its replica has no mug, which is in version 1"]);
    }

    #[test]
    fn a_replica_with_another_state_is_found() {
        let changed = found(2, |replica| {
            replica.get_mut(&"mug".parse::<Id>().unwrap()).unwrap().1.name = "cup".into();
        });
        assert_eq!(changed, ["its replica of mug in version 1 is another state"]);
    }
}
