//! The fold against a model of what Redis holds.

#[path = "../../tests/support/history.rs"]
mod history;

use std::collections::BTreeMap;

use contracts::choreography::NONE;
use contracts::{Cause, Event, Kind, Row, Service};
use proptest::prelude::*;

use super::table::Stored;
use super::{Changes, Damaged, Fold, Item, Parked};
use crate::keys;
use crate::records::{
    AccountTotals, OrderRecord, PaymentRecord, Sales, ShipmentRecord, StockRecord,
};
use crate::saga::Saga;
use history::{Fate, History, PRICE, QUANTITY, TOTAL, id};

/// What a generation holds.
#[derive(Debug, Default, PartialEq)]
struct Model {
    records: BTreeMap<String, String>,
    indexes: BTreeMap<(String, String), i64>,
    parked: Vec<Parked>,
}

impl Model {
    fn fold(&mut self, batch: &[(Service, Row)]) -> Result<(), Damaged> {
        let items = batch.iter().map(|(service, row)| Item::of(*service, row.clone()));
        let mut fold = Fold::start(items.collect());
        loop {
            let wanted = fold.wanted();
            if wanted.is_empty() {
                break;
            }
            let value =
                |name: &String| self.records.get(name).map(|json| json.clone().into_bytes());
            fold.fill(wanted.iter().map(value).collect())?;
        }
        self.apply(fold.finish()?);
        Ok(())
    }

    fn apply(&mut self, changes: Changes) {
        for (name, json) in changes.records {
            self.records.insert(name, String::from_utf8(json).unwrap());
        }
        for change in changes.indexes {
            let entry = (change.index, change.member);
            match change.score {
                Some(score) => self.indexes.insert(entry, score),
                None => self.indexes.remove(&entry),
            };
        }
        self.parked.extend(changes.parked);
        self.parked.sort_by_key(Parked::name);
    }

    fn of(history: &History) -> Self {
        let mut model = Self::default();
        model.fold(&history.mixed(&[])).unwrap();
        model
    }

    fn record<T: serde::de::DeserializeOwned>(&self, family: &str, id: &str) -> Option<T> {
        let json = self.records.get(&keys::record(family, id))?;
        Some(serde_json::from_str::<Stored<T>>(json).unwrap().record)
    }

    fn sales(&self) -> Sales {
        self.record(keys::TOTALS, "ORDER").unwrap()
    }

    fn unsettled(&self) -> Vec<&str> {
        let entries = self.indexes.keys().filter(|(index, _)| index == keys::UNSETTLED);
        entries.map(|(_, member)| member.as_str()).collect()
    }

    /// What is owed for an order: who, and the first event that would do.
    fn owed(&self, order: &str) -> Vec<(Service, Kind)> {
        let records: (Option<OrderRecord>, Option<StockRecord>, _, _) = (
            self.record(keys::ORDER, order),
            self.record(keys::STOCK, order),
            self.record::<PaymentRecord>(keys::PAYMENT, order),
            self.record::<ShipmentRecord>(keys::SHIPMENT, order),
        );
        let saga = Saga {
            order: records.0.as_ref(),
            stock: records.1.as_ref(),
            payment: records.2.as_ref(),
            shipment: records.3.as_ref(),
        };
        saga.owed().into_iter().map(|owed| (owed.service, owed.one_of[0])).collect()
    }
}

fn shop(fates: &[Fate]) -> History {
    let mut history = History::begin(1);
    history.open_shop();
    for (nth, fate) in fates.iter().enumerate() {
        history.order(&format!("o-{nth}"), *fate);
    }
    history
}

#[test]
fn each_fate_is_counted_where_it_belongs() {
    let model = Model::of(&shop(&Fate::ALL));
    let sales = model.sales();
    assert_eq!(sales.orders, 7);
    assert_eq!(sales.in_state("completed"), 1);
    assert_eq!(sales.in_state("rejected"), 2);
    assert_eq!(sales.in_state("cancelled"), 2);
    assert_eq!(sales.in_state("placed"), 2);
    assert_eq!(sales.in_state(NONE), 0);
    assert_eq!(sales.revenue.to_list()[0].minor, i128::from(TOTAL));
    assert_eq!(sales.units, u64::from(QUANTITY));
    assert_eq!(model.record::<Sales>(keys::DAY, "2026-01-31"), Some(sales));
}

#[test]
fn what_is_outstanding_is_charges_less_refunds_less_what_was_paid_in() {
    let mut history = shop(&[Fate::Completed, Fate::CancelledInWindow, Fate::Declined]);
    history.settle(PRICE);
    let totals: AccountTotals = Model::of(&history).record(keys::TOTALS, "PAYMENT").unwrap();
    assert_eq!((totals.charges, totals.refunds, totals.declines), (2, 1, 1));
    assert_eq!(totals.outstanding().to_list()[0].minor, i128::from(TOTAL - PRICE));
}

#[test]
fn only_orders_that_somebody_owes_an_event_are_unsettled() {
    let model = Model::of(&shop(&Fate::ALL));
    assert_eq!(model.unsettled(), ["o-5", "o-6"]);
    assert_eq!(model.owed("o-5"), [(Service::Shipping, Kind::ShippingCreated)]);
    assert_eq!(model.owed("o-6"), [(Service::Inventory, Kind::InventoryReserved)]);
    assert_eq!(model.owed("o-0"), []);
}

#[test]
fn a_cancelled_order_is_unsettled_until_every_compensation_is_there() {
    let mut history = shop(&[Fate::WaitsForShipping]);
    let reason = contracts::events::order::EndReason::Requested;
    history.end("o-0", reason, Cause::Command("cancel".into()));
    let model = Model::of(&history);
    assert_eq!(model.unsettled(), ["o-0"]);
    let owed = [
        (Service::Inventory, Kind::InventoryReleased),
        (Service::Payment, Kind::PaymentRefunded),
        (Service::Shipping, Kind::ShippingCancelled),
    ];
    assert_eq!(model.owed("o-0"), owed);
}

#[test]
fn an_event_that_no_build_knows_is_parked_and_the_rest_goes_on() {
    let mut history = shop(&[]);
    history.command(Event::OrderConfirmed(contracts::events::order::Confirmed {
        order_id: id("o-unknown"),
    }));
    history.order("o-0", Fate::Completed);
    let mut rows = history.mixed(&[]);
    let (_, shipped) =
        rows.iter_mut().find(|(_, row)| row.subject == "shipping.created.o-0").unwrap();
    shipped.headers = shipped.headers.replace("created.v1", "created.v9");
    let mut model = Model::default();
    model.fold(&rows).unwrap();
    let parked: Vec<_> = model.parked.iter().map(Parked::name).collect();
    assert_eq!(parked, ["ORDER/1", "SHIPPING/1"]);
    assert!(model.parked[0].reason.contains("never placed"), "{:?}", model.parked);
    assert!(model.parked[1].reason.contains("version 9"), "{:?}", model.parked);
    assert_eq!(model.sales().in_state("completed"), 1);
}

#[test]
fn folding_an_event_twice_is_told_and_not_done() {
    let history = shop(&[Fate::Completed]);
    let mut model = Model::of(&history);
    let error = model.fold(&history.mixed(&[])[..1]).unwrap_err();
    assert!(error.reason.contains("has folded event"), "{error}");
}

#[test]
fn a_record_edited_into_nonsense_is_told() {
    let mut history = shop(&[Fate::JustPlaced]);
    let mut model = Model::of(&history);
    model.records.insert("order:ORDER:o-0".into(), "{\"at\":1}".into());
    history.reserve("o-0", Cause::Event { service: Service::Order, sequence: 1 });
    let reserved = history.rows[&Service::Inventory].last().unwrap().clone();
    let error = model.fold(&[(Service::Inventory, reserved)]).unwrap_err();
    assert_eq!(error.name, "order:ORDER:o-0");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_mixture_of_streams_in_any_batches_folds_to_the_same(
        fates in prop::collection::vec(0..Fate::ALL.len(), 1..8),
        picks in prop::collection::vec(0..Service::ALL.len(), 0..200),
        cuts in prop::collection::vec(1_usize..9, 1..60),
    ) {
        let fates: Vec<_> = fates.into_iter().map(|nth| Fate::ALL[nth]).collect();
        let history = shop(&fates);
        let mut model = Model::default();
        let mut rows = history.mixed(&picks);
        for cut in cuts {
            let rest = rows.split_off(cut.min(rows.len()));
            model.fold(&rows).unwrap();
            rows = rest;
        }
        model.fold(&rows).unwrap();
        prop_assert_eq!(model, Model::of(&history));
    }
}
