//! 7: each replica equals its owner's state, at the position that the replica stands at.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use contracts::events::{Customer, Product};
use contracts::service;
use protocol::Service;

use crate::fold::{Fold, RowRef};
use crate::invariants::{Checked, Invariant};

/// What one service holds of one owner's states, and how far it has folded the owner's stream.
#[derive(Clone, Debug)]
pub struct Replica<T> {
    /// Who holds it.
    pub holder: Service,
    /// The last row of the owner's stream that is folded.
    pub folded: u64,
    /// The states, each with its version.
    pub states: Vec<(u64, T)>,
}

/// The check, before anything was compared.
#[must_use]
pub const fn begin() -> Checked {
    Checked::new(Invariant::Replicas, "states in replicas")
}

/// Compares a replica of customers with what their owner published.
pub fn compare_customers(checked: &mut Checked, fold: &Fold, replica: Replica<Customer>) {
    let held = by_id(replica.states, |customer| &customer.id);
    let (holder, at) = (replica.holder, replica.folded);
    compare(checked, holder, service::CUSTOMER, at, &fold.customers, held);
}

/// Compares a replica of products with what their owner published.
pub fn compare_products(checked: &mut Checked, fold: &Fold, replica: Replica<Product>) {
    let held = by_id(replica.states, |product| &product.sku);
    let (holder, at) = (replica.holder, replica.folded);
    compare(checked, holder, service::PRODUCT, at, &fold.products, held);
}

fn by_id<K: Clone + Ord, T>(found: Vec<(u64, T)>, id: impl Fn(&T) -> &K) -> BTreeMap<K, (u64, T)> {
    found.into_iter().map(|(version, state)| (id(&state).clone(), (version, state))).collect()
}

fn compare<K: Ord + Display, T: PartialEq + Debug>(
    checked: &mut Checked,
    holder: Service,
    owner: Service,
    at: u64,
    owned: &BTreeMap<K, BTreeMap<u64, T>>,
    mut found: BTreeMap<K, (u64, T)>,
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
        checked.found(holder, place(owner, *version), wrong);
    }
    for (id, (version, _)) in found {
        let text = format!("its replica has {id}, which its owner never published");
        checked.found(holder, place(owner, version), text);
    }
}

fn place(owner: Service, version: u64) -> Vec<RowRef> {
    vec![RowRef { service: owner, sequence: version }]
}

#[cfg(test)]
mod tests {
    use contracts::Sku;

    use super::*;
    use crate::invariants::histories::{completed, differences};

    fn found(at: u64, change: impl FnOnce(&mut BTreeMap<Sku, (u64, Product)>)) -> Vec<String> {
        let fold = completed().fold();
        let newest = |versions: &BTreeMap<u64, Product>| {
            let (version, state) = versions.iter().next_back().unwrap();
            (*version, state.clone())
        };
        let mut states = fold.products.iter().map(|(id, v)| (id.clone(), newest(v))).collect();
        change(&mut states);
        let states = states.into_values().collect();
        let mut checked = begin();
        let replica = Replica { holder: service::ORDER, folded: at, states };
        compare_products(&mut checked, &fold, replica);
        differences(&checked)
    }

    #[test]
    fn a_replica_that_has_folded_all_is_well() {
        assert_eq!(found(2, |_| {}), Vec::<String>::new());
    }

    #[test]
    fn a_replica_that_is_ahead_of_its_position_or_lacks_something_is_found() {
        assert_eq!(found(1, |_| {}), ["its replica has lamp, which its owner never published"]);
        let lacking =
            found(2, |replica| drop(replica.remove(&"mug".parse::<protocol::Id>().unwrap())));
        assert_eq!(lacking, ["its replica has no mug, which is in version 1"]);
    }

    #[test]
    fn a_replica_with_another_state_is_found() {
        let changed = found(2, |replica| {
            replica.get_mut(&"mug".parse::<Sku>().unwrap()).unwrap().1.name = "cup".into();
        });
        assert_eq!(changed, ["its replica of mug in version 1 is another state"]);
    }
}
