//! What the orders need first, worked out from the file: its customers, its products, and stock.
//!
//! A customer's limit is exactly what the customer buys in the file, and the stock of a product
//! exactly what is sold of it. So each order can go through, and any effect that happened twice
//! would show as an order that could not.

use std::collections::BTreeMap;

use contracts::{CustomerId, Sku};

use super::book::{Book, Invoice};

/// Everything that has to be there before the first order.
#[derive(Debug, Default)]
pub struct Masters {
    pub customers: BTreeMap<CustomerId, Buyer>,
    pub products: BTreeMap<Sku, Article>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Buyer {
    /// Of the first invoice that names one.
    pub country: String,
    /// What the customer buys in all, in minor units.
    pub buys_minor: i64,
    /// What of it is not ordered yet.
    pub missing_minor: i64,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Article {
    /// The description that most lines have; of equals, the one that came first.
    pub name: String,
    /// The price that most lines have; of equals, the one that came first.
    pub price_minor: i64,
    /// Units that are sold in all.
    pub units: u64,
    /// Whether an order of it is not placed yet.
    pub is_missing: bool,
}

/// What the data set itself calls the country of a customer of whom none is known.
const UNSPECIFIED: &str = "Unspecified";

/// Called so when no line has a description.
const UNNAMED: &str = "(no description)";

impl Masters {
    /// Of all usable lines. Products that only come back are there, too, without stock. `is_placed`
    /// says of an invoice whether its order is there already.
    pub fn of(book: &Book, is_placed: impl Fn(&Invoice) -> bool) -> Self {
        let mut masters = Self::default();
        let (mut names, mut prices) = (Votes::default(), Votes::default());
        for invoice in &book.invoices {
            let missing = !invoice.cancels && !is_placed(invoice);
            masters.add_customer(invoice, missing);
            for line in &invoice.lines {
                let article = masters.products.entry(line.sku.clone()).or_default();
                if !invoice.cancels {
                    article.units += u64::from(line.quantity);
                }
                article.is_missing |= missing;
                if !line.description.is_empty() {
                    names.add(&line.sku, line.description.clone());
                }
                prices.add(&line.sku, line.price_minor);
            }
        }
        for (sku, article) in &mut masters.products {
            article.name = names.most(sku).unwrap_or_else(|| UNNAMED.to_owned());
            article.price_minor = prices.most(sku).unwrap_or_default();
        }
        for buyer in masters.customers.values_mut().filter(|buyer| buyer.country.is_empty()) {
            UNSPECIFIED.clone_into(&mut buyer.country);
        }
        masters
    }

    fn add_customer(&mut self, invoice: &Invoice, missing: bool) {
        let buyer = self.customers.entry(invoice.customer.clone()).or_default();
        if buyer.country.is_empty() {
            buyer.country.clone_from(&invoice.country);
        }
        if !invoice.cancels {
            let total = i64::try_from(invoice.total_minor()).unwrap_or(i64::MAX);
            buyer.buys_minor = buyer.buys_minor.saturating_add(total);
            if missing {
                buyer.missing_minor = buyer.missing_minor.saturating_add(total);
            }
        }
    }
}

/// Counts what each SKU is said to have.
struct Votes<T>(BTreeMap<Sku, Vec<(T, usize)>>);

impl<T> Default for Votes<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Clone + PartialEq> Votes<T> {
    fn add(&mut self, sku: &Sku, value: T) {
        let values = self.0.entry(sku.clone()).or_default();
        match values.iter_mut().find(|(known, _)| *known == value) {
            Some((_, count)) => *count += 1,
            None => values.push((value, 1)),
        }
    }

    fn most(&self, sku: &Sku) -> Option<T> {
        let values = self.0.get(sku)?;
        // Reversed, since of equal maxima the last one is taken.
        let most = values.iter().rev().max_by_key(|(_, count)| *count);
        most.map(|(value, _)| value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::book::Sold;
    use super::*;

    fn invoice(number: &str, lines: &[(&str, &str, u32, i64)]) -> Invoice {
        let line = |(sku, name, quantity, price): &(&str, &str, u32, i64)| Sold {
            line: 2,
            sku: sku.parse().unwrap(),
            description: (*name).to_owned(),
            quantity: *quantity,
            price_minor: *price,
        };
        Invoice {
            number: number.parse().unwrap(),
            cancels: number.starts_with('C'),
            customer: "7".parse().unwrap(),
            country: "Norway".into(),
            day: "2010-12-01".into(),
            lines: lines.iter().map(line).collect(),
        }
    }

    fn masters(invoices: Vec<Invoice>) -> Masters {
        Masters::of(&Book { invoices, ..Book::default() }, |invoice| invoice.number.as_str() == "9")
    }

    #[test]
    fn a_product_is_called_what_most_lines_call_it() {
        let lines = [("10001", "CUP", 1, 300), ("10001", "MUG", 1, 250), ("10001", "MUG", 2, 250)];
        let masters = masters(vec![invoice("1", &lines)]);
        let article = masters.products.values().next().unwrap();
        assert_eq!((article.name.as_str(), article.price_minor, article.units), ("MUG", 250, 4));
    }

    #[test]
    fn of_equally_frequent_names_the_first_is_taken() {
        let lines = [("10001", "CUP", 1, 300), ("10001", "MUG", 1, 250), ("10001", "", 1, 250)];
        let masters = masters(vec![invoice("1", &lines)]);
        assert_eq!(masters.products.values().next().unwrap().name, "CUP");
    }

    #[test]
    fn what_comes_back_is_neither_bought_nor_sold() {
        let lines = [("10001", "MUG", 2, 250)];
        let masters = masters(vec![invoice("1", &lines), invoice("C2", &lines)]);
        assert_eq!(masters.products.values().next().unwrap().units, 2);
        assert_eq!(masters.customers.values().next().unwrap().buys_minor, 500);
    }

    #[test]
    fn what_is_ordered_already_is_not_missing() {
        let (mug, lamp) = ([("10001", "MUG", 2, 250)], [("10002", "LAMP", 1, 700)]);
        let masters = masters(vec![invoice("9", &mug), invoice("1", &lamp)]);
        let buyer = masters.customers.values().next().unwrap();
        assert_eq!((buyer.buys_minor, buyer.missing_minor), (1_200, 700));
        let missing: Vec<_> = masters.products.values().map(|article| article.is_missing).collect();
        assert_eq!(missing, [false, true]);
    }

    #[test]
    fn a_customer_without_a_country_is_called_as_the_data_set_does() {
        let nowhere = Invoice { country: String::new(), ..invoice("1", &[]) };
        let masters = masters(vec![nowhere]);
        assert_eq!(masters.customers.values().next().unwrap().country, "Unspecified");
    }
}
