//! The whole file, sorted: invoices in file order, and for every line what becomes of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, bail};
use contracts::{Chain, Currency, Id};
use csv::{ByteRecord, ReaderBuilder};

use super::entry::{Columns, Entry, Skip};

/// Lines that are read at most: some fifty times the largest known file of this form.
const LINES_MAX: usize = 25_000_000;

/// Units by product.
pub(super) type Units = BTreeMap<Id, u64>;

/// A file, read.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// The invoices, in the order of their first lines.
    pub(super) invoices: Vec<Invoice>,
    /// How many lines are skipped, and why.
    pub(super) skipped: BTreeMap<Skip, usize>,
    /// How many lines there are.
    pub(super) lines: usize,
    /// Names this content: the same file again has the same.
    pub(super) digest: String,
}

/// One invoice: a sale, or a cancellation.
#[derive(Clone, Debug)]
pub(super) struct Invoice {
    /// Its number.
    pub(super) number: Id,
    /// Whether it cancels.
    pub(super) cancels: bool,
    /// Who buys.
    pub(super) customer: Id,
    /// Where to.
    pub(super) country: String,
    /// Its day.
    pub(super) day: String,
    /// Its usable lines; at least one.
    pub(super) lines: Vec<Sold>,
}

/// One usable line of an invoice.
#[derive(Clone, Debug)]
pub(super) struct Sold {
    /// The product.
    pub(super) sku: Id,
    /// What it is called here.
    pub(super) description: String,
    /// Units.
    pub(super) quantity: u32,
    /// The price of one unit in minor units.
    pub(super) price_minor: i64,
}

impl Invoice {
    /// The sum of its lines in minor units.
    pub(super) fn total_minor(&self) -> i128 {
        let amount = |line: &Sold| i128::from(line.price_minor) * i128::from(line.quantity);
        self.lines.iter().map(amount).sum()
    }

    /// Units by product.
    pub(super) fn units(&self) -> Units {
        let mut units = Units::new();
        for line in &self.lines {
            *units.entry(line.sku.clone()).or_default() += u64::from(line.quantity);
        }
        units
    }
}

impl Book {
    /// Reads a file of prices in this currency.
    ///
    /// # Errors
    /// When it cannot be read, or is not of this form.
    pub(super) fn read(path: &Path, currency: Currency) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::of(file, currency).with_context(|| format!("in {}", path.display()))
    }

    /// Reads what a file holds.
    ///
    /// # Errors
    /// When it is not of this form.
    pub(super) fn of(text: impl std::io::Read, currency: Currency) -> anyhow::Result<Self> {
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(text);
        let columns = Columns::of(reader.byte_headers()?)?;
        let mut sorter = Sorter::default();
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record)? {
            if sorter.book.lines == LINES_MAX {
                bail!("it has more than {LINES_MAX} lines: split it");
            }
            sorter.take(&record, columns.read(&record, currency));
        }
        if sorter.book.invoices.is_empty() {
            bail!("no line of it can be used: is it of the right form?");
        }
        Ok(sorter.finish())
    }

    /// The invoices that sell.
    pub(super) fn sales(&self) -> impl Iterator<Item = &Invoice> {
        self.invoices.iter().filter(|invoice| !invoice.cancels)
    }
}

#[derive(Default)]
struct Sorter {
    book: Book,
    seen: HashSet<Chain>,
    places: HashMap<Id, usize>,
    digest: Chain,
}

impl Sorter {
    fn take(&mut self, record: &ByteRecord, entry: Result<Entry, Skip>) {
        self.book.lines += 1;
        let content = content_of(record);
        self.digest = self.digest.next("", "", &content);
        let duplicate = !self.seen.insert(Chain::START.next("", "", &content));
        let sorted = match entry {
            Err(skip) if skip < Skip::Duplicate || !duplicate => Err(skip),
            _ if duplicate => Err(Skip::Duplicate),
            Ok(entry) => self.add(entry),
            Err(skip) => Err(skip),
        };
        if let Err(skip) = sorted {
            *self.book.skipped.entry(skip).or_default() += 1;
        }
    }

    fn add(&mut self, entry: Entry) -> Result<(), Skip> {
        let Entry { sku, description, quantity, price_minor, .. } = entry;
        let sold = Sold { sku, description, quantity, price_minor };
        if let Some(invoice) =
            self.places.get(&entry.invoice).and_then(|place| self.book.invoices.get_mut(*place))
        {
            if invoice.customer != entry.customer {
                return Err(Skip::OtherCustomer);
            }
            invoice.lines.push(sold);
            return Ok(());
        }
        self.places.insert(entry.invoice.clone(), self.book.invoices.len());
        self.book.invoices.push(Invoice {
            number: entry.invoice,
            cancels: entry.cancels,
            customer: entry.customer,
            country: entry.country,
            day: entry.day,
            lines: vec![sold],
        });
        Ok(())
    }

    fn finish(mut self) -> Book {
        self.book.digest = self.digest.to_string().chars().take(12).collect();
        self.book
    }
}

/// All fields of a line, with something between them that stands in none.
fn content_of(record: &ByteRecord) -> Vec<u8> {
    record.iter().collect::<Vec<_>>().join(&b'\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

    fn book(lines: &[&str]) -> Book {
        let text = HEADER.to_owned() + &lines.join("\n");
        Book::of(text.as_bytes(), "GBP".parse().unwrap()).unwrap()
    }

    const A: &str = "1,10001,MUG,2,2010-12-01 08:00:00,2.50,7.0,Norway";
    const B: &str = "1,10002,LAMP,1,2010-12-01 08:00:00,10,7.0,Norway";
    const C: &str = "2,10001,MUG,3,2010-12-02 08:00:00,2.50,8.0,France";

    #[test]
    fn every_line_is_used_or_skipped_for_one_reason() {
        let zero = "3,10001,MUG,1,2010-12-02 08:00:00,0,8.0,France";
        let book = book(&[A, B, C, A, zero, zero, "x,,,,,,,"]);
        let used: usize = book.invoices.iter().map(|invoice| invoice.lines.len()).sum();
        let skipped: usize = book.skipped.values().sum();
        assert_eq!((book.lines, used, skipped), (7, 3, 4));
        assert_eq!(book.skipped[&Skip::Duplicate], 2);
        assert_eq!((book.skipped[&Skip::NoPrice], book.skipped[&Skip::Malformed]), (1, 1));
    }

    #[test]
    fn invoices_keep_the_order_of_the_file_and_their_sums() {
        let book = book(&[A, C, B]);
        let numbers: Vec<_> = book.invoices.iter().map(|invoice| invoice.number.as_str()).collect();
        assert_eq!(numbers, ["1", "2"]);
        let totals: Vec<_> = book.invoices.iter().map(Invoice::total_minor).collect();
        assert_eq!(totals, [1_500, 750]);
    }

    #[test]
    fn a_line_of_another_customer_in_one_invoice_is_skipped() {
        let book = book(&[A, &B.replace("7.0", "8.0")]);
        assert_eq!(book.skipped[&Skip::OtherCustomer], 1);
    }

    #[test]
    fn the_digest_names_the_content() {
        assert_eq!(book(&[A, B]).digest, book(&[A, B]).digest);
        assert_ne!(book(&[A, B]).digest, book(&[A, C]).digest);
    }

    #[test]
    fn a_file_without_a_usable_line_is_refused() {
        let error = Book::of(HEADER.as_bytes(), "GBP".parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains("no line of it can be used"), "{error}");
    }
}
