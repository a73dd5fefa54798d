//! The fold against a model of what Redis holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::{Event, kind, service};
use proptest::prelude::*;
use protocol::choreography::NONE;
use protocol::{Cause, Kind, Row, Service};

use super::family::Stored;
use super::{Changes, Damaged, Fold, Item, Parked, RecordCache};
use crate::history::{Fate, History, PRICE, QUANTITY, TOTAL, customer, gbp, id};
use crate::keys;
use crate::projections::ledgers::month_of;
use crate::projections::pulse::{HOURS, MINUTES};
use crate::projections::{
    AccountTotals, Latency, Leaders, Ledger, OnHand, OrderRecord, PaymentRecord, RingSlot, Sales,
    Seller, ShipmentRecord, StockRecord,
};
use crate::records::Grouping;
use crate::saga::Saga;
use crate::saga::pace::STRIDES;

mod refunds;

/// What a generation holds.
#[derive(Debug, Default, PartialEq)]
struct Model {
    records: BTreeMap<String, String>,
    indexes: BTreeMap<(String, String), i64>,
    parked: Vec<Parked>,
}

impl Model {
    fn fold(&mut self, batch: &[(Service, Row)]) -> Result<(), Damaged> {
        self.fold_after(RecordCache::default(), batch).map(|_| ())
    }

    fn fold_after(
        &mut self,
        kept: RecordCache,
        batch: &[(Service, Row)],
    ) -> Result<RecordCache, Damaged> {
        let items = batch.iter().map(|(service, row)| Arc::new(Item::of(*service, row.clone())));
        let mut fold = Fold::start(items.collect(), kept);
        loop {
            let wanted = fold.wanted();
            if wanted.is_empty() {
                break;
            }
            let value =
                |name: &String| self.records.get(name).map(|json| json.clone().into_bytes());
            fold.fill(wanted.iter().map(value).collect())?;
        }
        let (changes, kept) = fold.finish()?;
        self.apply(changes);
        Ok(kept)
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
    assert_eq!(model.owed("o-5"), [(service::SHIPPING, kind::SHIPPING_CREATED)]);
    assert_eq!(model.owed("o-6"), [(service::INVENTORY, kind::INVENTORY_RESERVED)]);
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
        (service::INVENTORY, kind::INVENTORY_RELEASED),
        (service::PAYMENT, kind::PAYMENT_REFUNDED),
        (service::SHIPPING, kind::SHIPPING_CANCELLED),
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
    history.reserve("o-0", Cause::Event { service: service::ORDER, sequence: 1 });
    let reserved = history.rows[&service::INVENTORY].last().unwrap().clone();
    let error = model.fold(&[(service::INVENTORY, reserved)]).unwrap_err();
    assert_eq!(error.name, "order:ORDER:o-0");
}

#[test]
fn what_the_batch_before_has_touched_is_not_read_again() {
    let mut history = shop(&[Fate::JustPlaced]);
    let mut model = Model::default();
    let kept = model.fold_after(RecordCache::default(), &history.mixed(&[])).unwrap();
    history.reserve("o-0", Cause::Event { service: service::ORDER, sequence: 1 });
    let reserved = history.rows[&service::INVENTORY].last().unwrap().clone();
    let items = vec![Arc::new(Item::of(service::INVENTORY, reserved))];
    let mut fold = Fold::start(items, kept);
    // The step that ends with this event is new.
    assert_eq!(fold.wanted(), ["latency:placed-reserved"]);
}

fn line(sku: &str, quantity: u32, price: i64) -> contracts::events::Line {
    let (sku, name) = (id(sku), format!("The {sku}"));
    contracts::events::Line { sku, name, quantity, unit_price: gbp(price) }
}

#[test]
fn a_sale_is_booked_to_its_day_product_customer_and_country() {
    let mut history = shop(&[]);
    let lines = [line("CUP", 2, 300), line("MUG", 1, 1_250), line("CUP", 1, 250)];
    history.sell("o-1", &customer("c-2"), "2025-12-31", &lines);
    let model = Model::of(&history);
    for (grouping, key, units, minor) in [
        (Grouping::Day, "all", 4, 2_100),
        (Grouping::Customer, "c-2", 4, 2_100),
        (Grouping::Country, "GB", 4, 2_100),
        (Grouping::Product, "CUP", 3, 850),
        (Grouping::Product, "MUG", 1, 1_250),
    ] {
        let name = keys::ledger(service::ORDER, grouping, month_of("2025-12-31"), key);
        let ledger: Ledger = model.record(keys::LEDGER, &name).unwrap();
        let tally = ledger.days["2025-12-31"].of(gbp(0).currency);
        assert_eq!((tally.orders, tally.units, tally.minor), (1, units, minor), "{name}");
        let index = keys::ledgers(service::ORDER, grouping, "2025-12");
        assert!(model.indexes.contains_key(&(index, name)));
    }
    let seller = keys::seller(Grouping::Product, "CUP");
    let seller: Seller = model.record(keys::SELLER, &seller).unwrap();
    assert_eq!((seller.label.as_str(), seller.total.units()), ("The CUP", 3));
    let leaders: Leaders = model.record(keys::LEADERS, "ORDER").unwrap();
    let first: Vec<_> = leaders.products[&gbp(0).currency].iter().map(|one| &one.key).collect();
    assert_eq!(first, ["MUG", "CUP"]);
}

#[test]
fn what_is_full_stays_full_and_ends_no_folding() {
    let mut history = shop(&[]);
    history.sell("o-1", &customer("c-1"), "2026-01-31", &[line("MUG", 1, 1)]);
    let mut model = Model::of(&history);
    for record in model.records.values_mut() {
        *record = record.replace("\"units\":1", &format!("\"units\":{}", u64::MAX));
        *record = record.replace("\"minor\":1}", &format!("\"minor\":{}}}", i128::MAX));
        *record = record.replace("e\":{\"GBP\":1}", &format!("e\":{{\"GBP\":{}}}", i128::MAX));
        *record =
            record.replace("\"units_committed\":1", &format!("\"units_committed\":{}", u64::MAX));
    }
    let before: Vec<usize> = history.rows.values().map(Vec::len).collect();
    history.sell("o-2", &customer("c-1"), "2026-01-31", &[line("MUG", 1, 1)]);
    let mut rows = Vec::new();
    for ((service, all), before) in history.rows.iter().zip(before) {
        rows.extend(all[before..].iter().map(|row| (*service, row.clone())));
    }
    model.fold(&rows).unwrap();
    assert_eq!((model.sales().units, model.sales().orders), (u64::MAX, 2));
    assert_eq!(model.sales().revenue.to_list()[0].minor, i128::MAX);
}

#[test]
fn a_refund_is_booked_to_the_day_on_which_it_was_paid_back() {
    let model = Model::of(&shop(&[Fate::CancelledInWindow, Fate::Completed]));
    for (grouping, key) in
        [(Grouping::Day, "all"), (Grouping::Customer, "c-1"), (Grouping::Country, "GB")]
    {
        let name = keys::ledger(service::PAYMENT, grouping, "2026-01", key);
        let ledger: Ledger = model.record(keys::LEDGER, &name).unwrap();
        let tally = ledger.days["2026-01-31"].of(gbp(0).currency);
        assert_eq!((tally.orders, tally.minor), (1, i128::from(TOTAL)), "{name}");
    }
}

#[test]
fn stock_is_what_came_in_less_what_left_less_what_is_set_aside() {
    let fates = [Fate::Completed, Fate::WaitsForShipping, Fate::CancelledInWindow];
    let on_hand: OnHand = Model::of(&shop(&fates)).record(keys::ON_HAND, "MUG").unwrap();
    let quantity = u64::from(QUANTITY);
    assert_eq!((on_hand.on_hand(), on_hand.reserved), (1_000 - quantity, quantity));
    assert_eq!(on_hand.available(), 1_000 - 2 * quantity);
}

#[test]
fn a_product_is_listed_as_low_for_as_long_as_it_is() {
    let low = |model: &Model| model.indexes.get(&(keys::LOW_STOCK.into(), "MUG".into())).copied();
    let mut history = shop(&[]);
    let lines = [line("MUG", 995, 1)];
    history.sell("o-1", &customer("c-1"), "2026-01-31", &lines);
    assert_eq!(low(&Model::of(&history)), Some(5));
    let stocked =
        contracts::events::inventory::Stocked { sku: id("MUG"), quantity: 500, on_hand: 505 };
    history.command(Event::InventoryStocked(stocked));
    assert_eq!(low(&Model::of(&history)), None);
}

#[test]
fn each_step_of_an_order_that_went_through_is_measured_once() {
    let model = Model::of(&shop(&[Fate::Completed, Fate::Completed, Fate::OutOfStock]));
    for stride in STRIDES {
        let latency: Latency = model.record(keys::LATENCY, stride.name).unwrap();
        assert_eq!((latency.all.count(), latency.recent().count()), (2, 2), "{}", stride.name);
    }
    let whole: Latency = model.record(keys::LATENCY, "whole").unwrap();
    assert_eq!(whole.all.micros_max(), 6 * 1_500);
}

#[test]
fn a_minute_and_an_hour_tell_what_happened_in_them() {
    let model = Model::of(&shop(&[Fate::Completed, Fate::OutOfStock, Fate::JustPlaced]));
    for ring in [MINUTES, HOURS] {
        let slots = (0..ring.slots)
            .filter_map(|slot| model.record::<RingSlot>(ring.family, &ring.slot(slot)));
        let slots: Vec<_> = slots.collect();
        assert_eq!(slots.len(), 1, "{ring:?}");
        let slot = &slots[0];
        assert_eq!((slot.placed, slot.rejected, slot.cancelled), (3, 1, 0));
        assert_eq!(slot.completed.of(gbp(0).currency).minor, i128::from(TOTAL));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn sums_of_the_largest_amounts_are_exact_wherever_they_are_kept(
        prices in prop::collection::vec(
            prop_oneof![i64::MAX - 9..=i64::MAX, 1_i64..9], 1..9),
    ) {
        let (mut history, buyer) = (shop(&[]), customer("c-1"));
        for (nth, price) in prices.iter().enumerate() {
            history.sell(&format!("o-{nth}"), &buyer, "2026-01-31", &[line("MUG", 1, *price)]);
        }
        history.decline_one("declined", i64::MAX);
        let (model, currency) = (Model::of(&history), gbp(0).currency);
        let sum: i128 = prices.iter().map(|price| i128::from(*price)).sum();
        prop_assert_eq!(model.sales().placed.to_list()[0].minor, sum + i128::from(i64::MAX));
        prop_assert_eq!(model.sales().revenue.to_list()[0].minor, sum);
        let accounts: AccountTotals = model.record(keys::TOTALS, "PAYMENT").unwrap();
        prop_assert_eq!(accounts.outstanding().to_list()[0].minor, sum);
        let seller: Seller = model.record(keys::SELLER, "product/MUG").unwrap();
        prop_assert_eq!(seller.total.of(currency).minor, sum);
        let leaders: Leaders = model.record(keys::LEADERS, "ORDER").unwrap();
        prop_assert_eq!(leaders.customers[&currency][0].tally.minor, sum);
        let ledger: Ledger = model.record(keys::LEDGER, "ORDER/day/2026-01/all").unwrap();
        prop_assert_eq!(ledger.days["2026-01-31"].of(currency).minor, sum);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_mixture_of_streams_in_any_batches_folds_to_the_same(
        fates in prop::collection::vec(0..Fate::ALL.len(), 1..8),
        picks in prop::collection::vec(0..service::ALL.len(), 0..200),
        cuts in prop::collection::vec((1_usize..9, prop::bool::weighted(0.8)), 1..60),
        sales in prop::collection::vec((0_u8..3, 0_u8..3, 1_u32..90), 0..6),
    ) {
        let fates: Vec<_> = fates.into_iter().map(|nth| Fate::ALL[nth]).collect();
        let mut history = shop(&fates);
        for (nth, (who, what, units)) in sales.into_iter().enumerate() {
            let lines = [line(&format!("p-{what}"), units, 100), line("MUG", 1, PRICE)];
            let (buyer, date) = (customer(&format!("c-{who}")), format!("2025-12-{:02}", 29 + what));
            history.sell(&format!("s-{nth}"), &buyer, &date, &lines);
        }
        let mut model = Model::default();
        let (mut rows, mut kept) = (history.mixed(&picks), RecordCache::default());
        for (cut, keeps) in cuts {
            let rest = rows.split_off(cut.min(rows.len()));
            kept = model.fold_after(if keeps { kept } else { RecordCache::default() }, &rows).unwrap();
            rows = rest;
        }
        model.fold_after(kept, &rows).unwrap();
        prop_assert_eq!(model, Model::of(&history));
    }
}
