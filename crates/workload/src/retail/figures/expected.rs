//! What the figures should be: sums over the invoices of the file whose orders were completed.

use std::collections::BTreeMap;

use contracts::Sku;

use super::super::book::{Book, Invoice};
use super::super::masters::Masters;
use super::super::order_ends::Reported;
use super::super::plan::Plan;
use super::{Figures, Section};

pub(crate) const DASHBOARD: Section = "dashboard";

const BY_DAY: Section = "report by day";
const BY_PRODUCT: Section = "report by product";
const BY_CUSTOMER: Section = "report by customer";
const BY_COUNTRY: Section = "report by country";

pub(crate) const REPORTS: [Section; 4] = [BY_DAY, BY_PRODUCT, BY_CUSTOMER, BY_COUNTRY];

/// Leaders that the dashboard shows of each kind.
const LEADERS: usize = 10;

/// What an order comes to, or a part of it.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    units: i128,
    minor: i128,
}

/// The figures of the dashboard and of all reports that come from this file.
///
/// # Errors
/// When the file's ids make no ids here.
pub(crate) fn expected(book: &Book, plan: &Plan, reported: &Reported) -> anyhow::Result<Figures> {
    let masters = Masters::of(book, |_| true);
    let mut figures = Figures::new();
    for invoice in book.sales() {
        let order = plan.id(&invoice.number)?;
        if !reported.placed.contains(&order) {
            continue;
        }
        add(&mut figures, DASHBOARD, "orders placed", 1);
        add(&mut figures, DASHBOARD, "value of the orders placed", invoice.total_minor());
        add(&mut figures, DASHBOARD, &format!("{} orders placed", invoice.day), 1);
        let Some(end) = reported.ends.get(&order) else { continue };
        if end.completed {
            let country = masters.customers.get(&invoice.customer).map(|buyer| &buyer.country);
            add_completed(&mut figures, plan, invoice, country.map_or("", String::as_str))?;
        } else {
            add(&mut figures, DASHBOARD, "orders rejected or cancelled", 1);
        }
    }
    Ok(figures)
}

/// What can be said of the dashboard only where nothing but this file is in the read model: the
/// average order, and who leads.
pub(crate) fn expected_alone(figures: &Figures) -> Figures {
    let of = |name: &str| figures.get(&(DASHBOARD, name.to_owned())).copied().unwrap_or_default();
    let mut alone = Figures::new();
    if let Some(average) = of("revenue").checked_div(of("orders completed")) {
        add(&mut alone, DASHBOARD, "average order", average);
    }
    for (section, what) in [(BY_PRODUCT, "product"), (BY_CUSTOMER, "customer")] {
        for (nth, (key, minor)) in leaders(figures, section).into_iter().enumerate() {
            add(&mut alone, DASHBOARD, &format!("top {what} {} is {key}", nth + 1), minor);
        }
    }
    alone
}

fn leaders(figures: &Figures, section: Section) -> Vec<(&str, i128)> {
    let of_place = figures.iter().filter(|((of, _), _)| *of == section);
    let mut all: Vec<(&str, i128)> = of_place
        .filter_map(|((_, name), minor)| Some((name.strip_suffix(" revenue")?, *minor)))
        .filter(|(key, _)| *key != "total")
        .collect();
    all.sort_by_key(|(key, minor)| (-minor, *key));
    all.truncate(LEADERS);
    all
}

fn add_completed(
    figures: &mut Figures,
    plan: &Plan,
    invoice: &Invoice,
    country: &str,
) -> anyhow::Result<()> {
    let whole = whole(invoice);
    add_to_dashboard(figures, &invoice.day, whole);
    add_to_report(figures, BY_DAY, &invoice.day, whole);
    add_to_report(figures, BY_CUSTOMER, plan.id(&invoice.customer)?.as_str(), whole);
    add_to_report(figures, BY_COUNTRY, country, whole);
    for (sku, sum) in by_product(invoice) {
        add_to_report(figures, BY_PRODUCT, plan.id(sku)?.as_str(), sum);
    }
    for section in REPORTS {
        add_to_report(figures, section, "total", whole);
    }
    Ok(())
}

fn add_to_dashboard(figures: &mut Figures, day: &str, Sum { units, minor }: Sum) {
    for (name, amount) in [
        ("orders completed", 1),
        ("revenue", minor),
        ("units", units),
        ("charges less refunds", minor),
        ("outstanding", minor),
        ("shipments dispatched", 1),
        ("reservations committed", 1),
        ("units committed", units),
    ] {
        add(figures, DASHBOARD, name, amount);
    }
    for (name, amount) in [("orders completed", 1), ("revenue", minor), ("units", units)] {
        add(figures, DASHBOARD, &format!("{day} {name}"), amount);
    }
}

fn add_to_report(figures: &mut Figures, section: Section, key: &str, Sum { units, minor }: Sum) {
    for (name, amount) in [("orders", 1), ("units", units), ("revenue", minor)] {
        add(figures, section, &format!("{key} {name}"), amount);
    }
}

fn add(figures: &mut Figures, section: Section, name: &str, amount: i128) {
    *figures.entry((section, name.to_owned())).or_default() += amount;
}

fn whole(invoice: &Invoice) -> Sum {
    let units = invoice.lines.iter().map(|line| i128::from(line.quantity)).sum();
    Sum { units, minor: invoice.total_minor() }
}

/// The lines of each product together: an order counts once for each of its products.
fn by_product(invoice: &Invoice) -> BTreeMap<&Sku, Sum> {
    let mut products: BTreeMap<&Sku, Sum> = BTreeMap::new();
    for line in &invoice.lines {
        let sum = products.entry(&line.sku).or_default();
        sum.units += i128::from(line.quantity);
        sum.minor += i128::from(line.price_minor) * i128::from(line.quantity);
    }
    products
}
