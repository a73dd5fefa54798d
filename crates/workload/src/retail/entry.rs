//! One line of the file: what it says, or why it is skipped.

use std::str::FromStr;

use anyhow::{Context as _, bail};
use contracts::events::TEXT_BYTES_MAX;
use contracts::events::order::QUANTITY_MAX;
use contracts::money::AMOUNT_MINOR_MAX;
use contracts::{Currency, CustomerId, OrderId, Sku};
use csv::ByteRecord;
use protocol::Timestamp;

use super::file::dates::{Dates, Survey};
use super::file::number::{Marks, NoNumber, Number, Points};
use super::file::text;
use super::skipped_lines::Skip;

/// A product's code begins with so many digits; what does not is postage, a discount, a fee.
const CODE_DIGITS: usize = 5;
/// The prefix of the number of an invoice that cancels.
const CANCELLATION: char = 'C';
/// What programs write where there is nothing.
const NOTHING: [&str; 15] = [
    "",
    "nan",
    "null",
    "na",
    "n/a",
    "#n/a",
    "none",
    "nat",
    "-",
    "--",
    "<na>",
    "(null)",
    "\\n",
    "nil",
    "undefined",
];

/// What the whole file says of its dates and numbers.
#[derive(Debug, Default)]
pub(crate) struct Surveyed {
    pub dates: Survey,
    /// Of its quantities and prices.
    pub marks: Marks,
}

/// How the dates and numbers of a file are read.
#[derive(Debug, Default)]
pub(crate) struct Forms {
    pub dates: Dates,
    pub points: Points,
}

/// A line that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The invoice that it is a line of.
    pub invoice: OrderId,
    /// Whether the invoice cancels.
    pub cancels: bool,
    pub sku: Sku,
    /// What it is called here.
    pub description: String,
    /// Units; of a cancellation, those that come back.
    pub quantity: u32,
    /// The price of one unit in minor units.
    pub price_minor: i64,
    /// The day of the invoice, as `2010-12-01`.
    pub day: String,
    pub customer: CustomerId,
    /// Where to; may be empty.
    pub country: String,
}

/// Where each column stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    places: [usize; 8],
    width: usize,
}

/// The columns, each by all the names that it has in known forms of the file. Capitals, spaces and
/// signs do not matter.
const NAMES: [&[&str]; 8] = [
    &["InvoiceNo", "Invoice", "InvoiceNumber"],
    &["StockCode", "SKU"],
    &["Description"],
    &["Quantity"],
    &["InvoiceDate", "Date"],
    &["UnitPrice", "Price"],
    &["CustomerID", "Customer", "CustomerNo"],
    &["Country"],
];

const INVOICE: usize = 0;
const CODE: usize = 1;
const QUANTITY: usize = 3;
const DATE: usize = 4;
const PRICE: usize = 5;

impl Columns {
    /// Finds the columns by their names, in whatever order.
    ///
    /// # Errors
    /// When one is missing or there twice, naming it.
    pub(crate) fn of(header: &ByteRecord) -> anyhow::Result<Self> {
        let header: Vec<String> = header.iter().map(|field| letters(&text(field))).collect();
        let mut places = [0; NAMES.len()];
        for (place, names) in places.iter_mut().zip(NAMES) {
            let is_named = |field: &String| names.iter().any(|name| letters(name) == *field);
            let found: Vec<_> =
                header.iter().enumerate().filter(|(_, field)| is_named(field)).collect();
            let (first, _) = found.first().with_context(|| {
                let all: Vec<_> = NAMES.iter().map(|names| names[0]).collect();
                format!(
                    "there is no column {}; the columns have to be {}",
                    names[0],
                    all.join(", ")
                )
            })?;
            if found.len() > 1 {
                bail!("there are several columns for {}: leave one", names[0]);
            }
            *place = *first;
        }
        // Spreadsheets write delimiters for empty columns at the end, and not in every line.
        let last = header.iter().rposition(|field| !field.is_empty());
        Ok(Self { places, width: last.map_or(0, |last| last + 1) })
    }

    /// Takes the date and the numbers of a line into account, before any is read.
    pub(crate) fn survey(&self, survey: &mut Surveyed, line: u64, record: &ByteRecord) {
        if record.len() >= self.width {
            survey.dates.look_at(line, &self.field(record, DATE));
            survey.marks.look_at(&self.field(record, QUANTITY));
            survey.marks.look_at(&self.field(record, PRICE));
        }
    }

    /// Reads one line. Whether it is a duplicate is for who has seen the others.
    pub(crate) fn read(
        &self,
        record: &ByteRecord,
        forms: &Forms,
        currency: Currency,
    ) -> Result<Entry, Skip> {
        if record.iter().all(<[u8]>::is_empty) {
            return Err(Skip::Blank);
        }
        let mut beyond = record.iter().skip(self.width);
        if record.len() < self.width || beyond.any(|field| !field.is_empty()) {
            return Err(Skip::Fields);
        }
        let [invoice, code, description, quantity, date, price, customer, country] =
            [0, 1, 2, 3, 4, 5, 6, 7].map(|nth| self.field(record, nth));
        let points = forms.points;
        let invoice: OrderId = id(&invoice.to_ascii_uppercase(), points, Skip::Invoice)?;
        let units = quantity_of(&quantity, points)?;
        let day = business_date(&forms.dates, &date)?;
        let customer = customer_id(&customer, points)?;
        let sku = sku(&code, points)?;
        let [description, country] = [description, country].map(|text| printable(&text));
        if description.len() > TEXT_BYTES_MAX || country.len() > TEXT_BYTES_MAX {
            return Err(Skip::LongText);
        }
        let price_minor = price_minor(&price, points, currency)?;
        let cancels = invoice.as_str().starts_with(CANCELLATION);
        let units = if cancels { -units } else { units };
        let quantity = u32::try_from(units).ok().filter(|units| *units > 0);
        let quantity = quantity.ok_or(Skip::WrongSign)?;
        Ok(Entry {
            invoice,
            cancels,
            sku,
            description,
            quantity,
            price_minor,
            day,
            customer,
            country,
        })
    }

    /// What the line says in all columns that are known, to tell it from others.
    pub(crate) fn content(&self, record: &ByteRecord) -> Vec<u8> {
        let field = |place: &usize| record.get(*place).unwrap_or_default();
        self.places.iter().map(field).collect::<Vec<_>>().join(&b'\0')
    }

    /// The invoice and the product's code as they stand there, and what the reason is about.
    pub(crate) fn shown(&self, record: &ByteRecord, skip: Skip) -> [String; 3] {
        let shown = |nth| self.field(record, nth).trim().chars().take(40).collect();
        let about = skip.column().map_or_else(String::new, shown);
        [shown(INVOICE), shown(CODE), about]
    }

    fn field(&self, record: &ByteRecord, nth: usize) -> String {
        text(record.get(self.places[nth]).unwrap_or_default()).into_owned()
    }
}

fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn is_nothing(text: &str) -> bool {
    NOTHING.contains(&text.trim().to_ascii_lowercase().as_str())
}

/// Without line breaks and other control characters, and without what stands for nothing.
fn printable(text: &str) -> String {
    if is_nothing(text) {
        return String::new();
    }
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A day that services take as the day of an order.
fn business_date(dates: &Dates, text: &str) -> Result<String, Skip> {
    let day = dates.day(text).ok_or(Skip::Date)?.to_string();
    let midnight = format!("{day}T00:00:00Z").parse::<Timestamp>();
    if midnight.is_ok_and(|midnight| midnight.day() == day) { Ok(day) } else { Err(Skip::FarDate) }
}

/// An id as it stands there; spreadsheets write numbers as `17850.0`.
fn id<T: FromStr>(text: &str, points: Points, otherwise: Skip) -> Result<T, Skip> {
    if is_nothing(text) {
        return Err(otherwise);
    }
    let text = text.trim();
    if is_shortened(text) {
        return Err(Skip::ShortId);
    }
    let is_decimal = text.contains(['.', ',']) || text.contains(['e', 'E']) && text.contains('+');
    let number = Number::parse(text, points).ok().and_then(Number::integer).filter(|_| is_decimal);
    let text = number.map_or_else(|| text.to_owned(), |number| number.to_string());
    text.parse().map_err(|_| otherwise)
}

/// Whether a spreadsheet shows a number with an exponent and fewer decimals than that: `5.36E+05` may
/// have been any of a thousand. Codes such as `15056E1` are no numbers.
fn is_shortened(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let decimals = mantissa.split_once(['.', ',']).map_or(0, |(_, decimals)| decimals.len());
    let is_whole = exponent.parse::<usize>().is_ok_and(|exponent| exponent <= decimals);
    let is_number = text.contains(['+', '.', ',']) && Number::parse(text, Points::Decimal).is_ok();
    is_number && !is_whole
}

fn customer_id(text: &str, points: Points) -> Result<CustomerId, Skip> {
    if is_nothing(text) {
        return Err(Skip::NoCustomer);
    }
    id(text, points, Skip::Customer)
}

/// The same code comes with small and with capital letters.
fn sku(code: &str, points: Points) -> Result<Sku, Skip> {
    let digits = code.trim().bytes().take_while(u8::is_ascii_digit).count();
    if digits < CODE_DIGITS && !is_shortened(code.trim()) {
        return Err(Skip::NoProduct);
    }
    id(&code.to_ascii_uppercase(), points, Skip::NoProduct)
}

fn quantity_of(text: &str, points: Points) -> Result<i128, Skip> {
    let number = Number::parse(text, points).map_err(|error| two_ways(error, Skip::Quantity))?;
    let units = number.integer().ok_or(Skip::Quantity)?;
    if units.unsigned_abs() > u128::from(QUANTITY_MAX) { Err(Skip::TooMany) } else { Ok(units) }
}

fn price_minor(text: &str, points: Points, currency: Currency) -> Result<i64, Skip> {
    let number = Number::parse(text, points).map_err(|error| two_ways(error, Skip::Price))?;
    let minor = number.minor(currency).ok_or(Skip::FractionalPrice)?;
    match i64::try_from(minor) {
        Ok(..=0) => Err(Skip::NoPrice),
        Ok(minor) if minor <= AMOUNT_MINOR_MAX => Ok(minor),
        _ if minor < 0 => Err(Skip::NoPrice),
        _ => Err(Skip::LargePrice),
    }
}

const fn two_ways(error: NoNumber, otherwise: Skip) -> Skip {
    match error {
        NoNumber::TwoWays => Skip::TwoWays,
        NoNumber::Malformed => otherwise,
    }
}

#[cfg(test)]
mod tests;
