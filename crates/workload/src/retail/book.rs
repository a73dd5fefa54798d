//! The whole file, sorted: invoices in file order, and for every line what becomes of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use contracts::{Currency, CustomerId, OrderId, Sku};
use csv::ByteRecord;
use protocol::Chain;

use super::entry::{Columns, Entry, Forms, Surveyed};
use super::file::dates::DateOrder;
use super::file::{Found, Text};
use super::skipped_lines::{Lines, Shown, Skip, Skipped};

/// Lines that are read at most: some fifty times the largest known file of this form.
const LINES_MAX: usize = 25_000_000;

pub type Units = BTreeMap<Sku, u64>;

#[derive(Debug, Default)]
pub struct Book {
    /// The invoices, in the order of their first lines.
    pub invoices: Vec<Invoice>,
    /// How many lines are skipped, and why.
    pub skipped: Skipped,
    /// How many lines there are.
    pub lines: usize,
    /// Names this content: the same file again has the same.
    pub digest: String,
}

/// One invoice: a sale, or a cancellation.
#[derive(Clone, Debug)]
pub struct Invoice {
    pub number: OrderId,
    pub cancels: bool,
    pub customer: CustomerId,
    pub country: String,
    pub day: String,
    /// Its usable lines; at least one.
    pub lines: Vec<Sold>,
}

/// One usable line of an invoice.
#[derive(Clone, Debug)]
pub struct Sold {
    /// Its number in the file.
    pub line: u64,
    pub sku: Sku,
    /// What it is called here.
    pub description: String,
    pub quantity: u32,
    /// The price of one unit in minor units.
    pub price_minor: i64,
}

impl Invoice {
    /// The sum of its lines in minor units.
    pub fn total_minor(&self) -> i128 {
        let amount = |line: &Sold| i128::from(line.price_minor) * i128::from(line.quantity);
        self.lines.iter().map(amount).sum()
    }

    pub fn units(&self) -> Units {
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
    /// When it cannot be read, is not of this form, or its dates can be read in two ways.
    pub fn read(path: &Path, currency: Currency, dates: Option<DateOrder>) -> anyhow::Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::of(&bytes, currency, dates).with_context(|| format!("in {}", path.display()))
    }

    /// Reads what a file holds.
    ///
    /// # Errors
    /// When it is not of this form, or its dates can be read in two ways.
    pub fn of(bytes: &[u8], currency: Currency, dates: Option<DateOrder>) -> anyhow::Result<Self> {
        let file = Text::of(bytes, |header| Columns::of(header).map(drop))?;
        let columns = Columns::of(&file.header)?;
        let said = survey(&file, &columns)?;
        let points = said.marks.decide(file.has_semicolons());
        let forms = Forms { dates: said.dates.decide(dates)?, points };
        let mut sorter = Sorter::default();
        let mut records = file.records()?;
        while let Some((line, found)) = records.next()? {
            if sorter.book.lines == LINES_MAX {
                bail!("it has more than {LINES_MAX} lines: split it");
            }
            sorter.take(line, &columns, &found, |record| columns.read(record, &forms, currency));
        }
        let book = sorter.finish();
        if book.invoices.is_empty() {
            bail!("no line of it can be used: {}", book.reasons());
        }
        Ok(book)
    }

    /// Why lines are skipped, with the first of each reason.
    fn reasons(&self) -> String {
        let reason = |(skip, lines): (&Skip, &Lines)| {
            let first: Vec<_> = lines.first.iter().map(ToString::to_string).collect();
            format!("\n{} of {skip}: {}", lines.count, first.join("; "))
        };
        let reasons: String = self.skipped.iter().map(reason).collect();
        if reasons.is_empty() { "there is none after the header".to_owned() } else { reasons }
    }

    /// The invoices that sell.
    pub fn sales(&self) -> impl Iterator<Item = &Invoice> {
        self.invoices.iter().filter(|invoice| !invoice.cancels)
    }
}

fn survey(file: &Text<'_>, columns: &Columns) -> anyhow::Result<Surveyed> {
    let (mut survey, mut records) = (Surveyed::default(), file.records()?);
    while let Some((line, found)) = records.next()? {
        if let Found::Record(record) = found {
            columns.survey(&mut survey, line, &record);
        }
    }
    Ok(survey)
}

#[derive(Default)]
struct Sorter {
    book: Book,
    seen: HashSet<Chain>,
    places: HashMap<OrderId, usize>,
    digest: Chain,
}

impl Sorter {
    fn take(
        &mut self,
        line: u64,
        columns: &Columns,
        found: &Found,
        read: impl FnOnce(&ByteRecord) -> Result<Entry, Skip>,
    ) {
        self.book.lines += 1;
        let Found::Record(record) = found else {
            let shown = || Shown { line, ..Shown::default() };
            return self.book.skipped.entry(Skip::OpenQuote).or_default().add(shown);
        };
        let content = columns.content(record);
        self.digest = self.digest.next("", "", &content);
        let duplicate = !self.seen.insert(Chain::START.next("", "", &content));
        let sorted = match read(record) {
            Err(skip) if skip < Skip::Duplicate || !duplicate => Err(skip),
            _ if duplicate => Err(Skip::Duplicate),
            Ok(entry) => self.add(line, entry),
            Err(skip) => Err(skip),
        };
        if let Err(skip) = sorted {
            let [invoice, sku, value] = columns.shown(record, skip);
            let shown = || Shown { line, invoice, sku, value };
            self.book.skipped.entry(skip).or_default().add(shown);
        }
    }

    fn add(&mut self, line: u64, entry: Entry) -> Result<(), Skip> {
        let Entry { sku, description, quantity, price_minor, .. } = entry;
        let sold = Sold { line, sku, description, quantity, price_minor };
        if let Some(invoice) =
            self.places.get(&entry.invoice).and_then(|place| self.book.invoices.get_mut(*place))
        {
            if invoice.customer != entry.customer {
                return Err(Skip::OtherCustomer);
            }
            if invoice.country.is_empty() {
                invoice.country = entry.country;
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

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

    fn book(lines: &[&str]) -> Book {
        let text = HEADER.to_owned() + &lines.join("\n");
        Book::of(text.as_bytes(), "GBP".parse().unwrap(), None).unwrap()
    }

    const A: &str = "1,10001,MUG,2,2010-12-01 08:00:00,2.50,7.0,Norway";
    const B: &str = "1,10002,LAMP,1,2010-12-01 08:00:00,10,7.0,Norway";
    const C: &str = "2,10001,MUG,3,2010-12-02 08:00:00,2.50,8.0,France";

    #[test]
    fn every_line_is_used_or_skipped_for_one_reason() {
        let zero = "3,10001,MUG,1,2010-12-02 08:00:00,0,8.0,France";
        let book = book(&[A, B, C, A, zero, zero, "x,,,,,,,"]);
        let used: usize = book.invoices.iter().map(|invoice| invoice.lines.len()).sum();
        let skipped: usize = book.skipped.values().map(|lines| lines.count).sum();
        assert_eq!((book.lines, used, skipped), (7, 3, 4));
        let count = |skip| book.skipped[&skip].count;
        assert_eq!(
            (count(Skip::Duplicate), count(Skip::NoPrice), count(Skip::Quantity)),
            (2, 1, 1)
        );
        let first = book.skipped[&Skip::Duplicate].first[0].to_string();
        assert_eq!(first, "line 5 (1, 10001)");
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
        assert_eq!(book.skipped[&Skip::OtherCustomer].count, 1);
    }

    #[test]
    fn the_digest_names_the_content() {
        assert_eq!(book(&[A, B]).digest, book(&[A, B]).digest);
        assert_ne!(book(&[A, B]).digest, book(&[A, C]).digest);
    }

    #[test]
    fn a_file_without_a_usable_line_is_refused() {
        let error =
            Book::of(HEADER.as_bytes(), "GBP".parse().unwrap(), None).unwrap_err().to_string();
        assert!(error.contains("no line of it can be used"), "{error}");
        let text = format!("{HEADER}{}\n", C.replace("2.50", "free"));
        let error = Book::of(text.as_bytes(), "GBP".parse().unwrap(), None).unwrap_err();
        let said = "1 of the price is no number: line 2 (2, 10001): \"free\"";
        assert!(error.to_string().contains(said), "{error}");
    }

    #[test]
    fn a_point_groups_thousands_where_decimals_have_a_comma() {
        let lines = |price| {
            let header = HEADER.replace(',', ";");
            let text = format!(
                "{header}1;10001;MUG;1.000;2010-12-01;2,50;7;Norway\n\
                 2;10001;MUG;1;2010-12-01;{price};7;Norway\n"
            );
            Book::of(text.as_bytes(), "GBP".parse().unwrap(), None).unwrap()
        };
        assert_eq!(lines("2,50").invoices[0].lines[0].quantity, 1_000);
        let unknown = &lines("2.55").skipped[&Skip::TwoWays];
        assert_eq!((unknown.count, unknown.first[0].line), (1, 2));
    }

    #[test]
    fn the_same_invoices_in_another_form_are_the_same() {
        let plain = book(&[A, B, C]);
        let other = "\u{feff}Invoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;\
                     Country\r\n\
                     1;10001;MUG;2,0;12/1/2010 8:00;2,5;7;Norway\r\n\
                     1;10002;\"LA\r\nMP\";1;12/1/2010 8:00;1.0E+01;7;\r\n\
                     2;10001;MUG;3;12/2/2010 8:00;2.5000000000000004;8.0;France\r\n\
                     9;10001;MUG;3;12/13/2010 8:00;2,5;NULL;France\r\n\r\n";
        let other = Book::of(other.as_bytes(), "GBP".parse().unwrap(), None).unwrap();
        let facts = |book: &Book| {
            let fact = |invoice: &Invoice| (invoice.day.clone(), invoice.total_minor());
            book.invoices.iter().map(fact).collect::<Vec<_>>()
        };
        assert_eq!(facts(&other), facts(&plain));
        assert_eq!(other.invoices[0].lines[1].description, "LA MP");
        assert_eq!((other.lines, other.skipped[&Skip::NoCustomer].count), (4, 1));
    }
}
