//! One line of the file: what it says, or why it is skipped.

use std::fmt;

use anyhow::{Context as _, bail};
use contracts::money::InvalidAmount;
use contracts::{Currency, Id, Money};
use csv::ByteRecord;
use jiff::civil::Date;
use serde::Serialize;

/// A product's code begins with so many digits; what does not is postage, a discount, a fee.
const CODE_DIGITS: usize = 5;

/// The prefix of the number of an invoice that cancels.
const CANCELLATION: char = 'C';

/// A line that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The invoice that it is a line of.
    pub(super) invoice: Id,
    /// Whether the invoice cancels.
    pub(super) cancels: bool,
    /// The product.
    pub(super) sku: Id,
    /// What it is called here.
    pub(super) description: String,
    /// Units; of a cancellation, those that come back.
    pub(super) quantity: u32,
    /// The price of one unit in minor units.
    pub(super) price_minor: i64,
    /// The day of the invoice, as `2010-12-01`.
    pub(super) day: String,
    /// Who buys.
    pub(super) customer: Id,
    /// Where to.
    pub(super) country: String,
}

/// Why a line is skipped. Of several reasons, the first in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Skip {
    /// A field does not have its form.
    Malformed,
    /// Nobody is named as the customer.
    NoCustomer,
    /// The code is no product's.
    NoProduct,
    /// The line stands in the file already.
    Duplicate,
    /// The price is 0 or less.
    NoPrice,
    /// The price has more decimals than the currency.
    FractionalPrice,
    /// Units come back without a cancelling invoice, or go out with one, or there are none.
    WrongSign,
    /// The invoice is another customer's.
    OtherCustomer,
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "a field does not have its form",
            Self::NoCustomer => "no customer is named",
            Self::NoProduct => "the code is no product's (postage, discount, fee)",
            Self::Duplicate => "an exact duplicate of an earlier line",
            Self::NoPrice => "the price is 0 or less",
            Self::FractionalPrice => "the price has more decimals than its currency",
            Self::WrongSign => "the sign of the quantity does not fit the invoice, or it is 0",
            Self::OtherCustomer => "the invoice is another customer's",
        })
    }
}

/// Where each column stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns([usize; 8]);

const NAMES: [&str; 8] = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
];

impl Columns {
    /// Finds the columns by their names, in whatever order.
    ///
    /// # Errors
    /// When one is missing, naming it.
    pub(super) fn of(header: &ByteRecord) -> anyhow::Result<Self> {
        let mut places = [0; NAMES.len()];
        for (place, name) in places.iter_mut().zip(NAMES) {
            let found = header.iter().position(|field| text(field).trim() == name);
            *place = found.with_context(|| {
                format!("there is no column {name}; the columns have to be {}", NAMES.join(", "))
            })?;
        }
        if header.len() > NAMES.len() * 4 {
            bail!("{} columns are too many for a file of this form", header.len());
        }
        Ok(Self(places))
    }

    /// Reads one line. Whether it is a duplicate is for who has seen the others.
    pub(super) fn read(&self, record: &ByteRecord, currency: Currency) -> Result<Entry, Skip> {
        let field = |nth: usize| text(record.get(self.0[nth]).unwrap_or_default());
        let [invoice, code, description, quantity, date, price, customer, country] =
            [0, 1, 2, 3, 4, 5, 6, 7].map(field);
        let invoice: Id = invoice.trim().parse().map_err(|_| Skip::Malformed)?;
        let quantity: i64 = quantity.trim().parse().map_err(|_| Skip::Malformed)?;
        let day = day(&date).ok_or(Skip::Malformed)?;
        let customer = customer_id(&customer)?;
        let sku = sku(&code)?;
        let price_minor = price_minor(&price, currency)?;
        let cancels = invoice.as_str().starts_with(CANCELLATION);
        let sold = if cancels { quantity.checked_neg() } else { Some(quantity) };
        let units = sold.and_then(|units| u32::try_from(units).ok()).filter(|units| *units > 0);
        Ok(Entry {
            invoice,
            cancels,
            sku,
            description: description.trim().to_owned(),
            quantity: units.ok_or(Skip::WrongSign)?,
            price_minor,
            day,
            customer,
            country: country.trim().to_owned(),
        })
    }
}

/// Old exports are not all UTF-8; what is not is replaced.
fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field).into_owned()
}

/// `2010-12-01 08:26:00` is a day, whatever its time.
fn day(text: &str) -> Option<String> {
    let day = text.trim().split([' ', 'T']).next()?;
    let date: Date = day.parse().ok()?;
    Some(date.to_string())
}

/// Spreadsheets write ids as `17850.0`.
fn customer_id(text: &str) -> Result<Id, Skip> {
    let number = text.trim().trim_end_matches(".0");
    if number.is_empty() {
        return Err(Skip::NoCustomer);
    }
    number.parse().map_err(|_| Skip::Malformed)
}

/// The same code comes with small and with capital letters.
fn sku(code: &str) -> Result<Id, Skip> {
    let code = code.trim().to_ascii_uppercase();
    let digits = code.bytes().take_while(u8::is_ascii_digit).count();
    if digits < CODE_DIGITS {
        return Err(Skip::NoProduct);
    }
    code.parse().map_err(|_| Skip::NoProduct)
}

fn price_minor(text: &str, currency: Currency) -> Result<i64, Skip> {
    match Money::from_decimal(text, currency) {
        Ok(price) if price.minor > 0 => Ok(price.minor),
        Ok(_) => Err(Skip::NoPrice),
        Err(InvalidAmount::Decimals(..)) => Err(Skip::FractionalPrice),
        Err(_) => Err(Skip::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: [&str; 8] =
        ["536365", "85123a", " LAMP ", "6", "2010-12-01 08:26:00", "2.55", "17850.0", "Norway"];

    fn read(change: &[(usize, &str)]) -> Result<Entry, Skip> {
        read_in("GBP", change)
    }

    fn read_in(currency: &str, change: &[(usize, &str)]) -> Result<Entry, Skip> {
        let mut fields = LINE;
        for (place, value) in change {
            fields[*place] = value;
        }
        let columns = Columns::of(&ByteRecord::from(NAMES.to_vec())).unwrap();
        columns.read(&ByteRecord::from(fields.to_vec()), currency.parse().unwrap())
    }

    #[test]
    fn a_line_of_a_sale_is_understood() {
        let entry = read(&[]).unwrap();
        assert_eq!(entry.sku.as_str(), "85123A");
        assert_eq!((entry.quantity, entry.price_minor, entry.cancels), (6, 255, false));
        assert_eq!((entry.day.as_str(), entry.customer.as_str()), ("2010-12-01", "17850"));
        assert_eq!((entry.description.as_str(), entry.country.as_str()), ("LAMP", "Norway"));
    }

    #[test]
    fn a_line_of_a_cancellation_says_what_comes_back() {
        let entry = read(&[(0, "C536365"), (3, "-6")]).unwrap();
        assert_eq!((entry.quantity, entry.cancels), (6, true));
    }

    #[test]
    fn each_kind_of_dirt_has_its_reason() {
        let reason = |change: &[(usize, &str)]| read(change).unwrap_err();
        assert_eq!(reason(&[(6, "")]), Skip::NoCustomer);
        for code in ["POST", "D", "C2", "BANK CHARGES", ""] {
            assert_eq!(reason(&[(1, code)]), Skip::NoProduct, "{code}");
        }
        assert_eq!(reason(&[(5, "0.0")]), Skip::NoPrice);
        assert_eq!(reason(&[(5, "-2.55")]), Skip::NoPrice);
        assert_eq!(reason(&[(5, "0.001")]), Skip::FractionalPrice);
        assert_eq!(reason(&[(3, "-6")]), Skip::WrongSign);
        assert_eq!(reason(&[(3, "0")]), Skip::WrongSign);
        assert_eq!(reason(&[(0, "C536365")]), Skip::WrongSign);
        for (place, value) in [(0, ""), (3, "six"), (4, "yesterday"), (4, "2010-02-30"), (5, "")] {
            assert_eq!(reason(&[(place, value)]), Skip::Malformed, "{value}");
        }
    }

    #[test]
    fn a_price_is_worth_what_the_currency_says() {
        let minor = |currency, price| {
            let entry = read_in(currency, &[(5, price)]);
            entry.map(|entry| entry.price_minor)
        };
        assert_eq!([minor("JPY", "500"), minor("JPY", "500.00")], [Ok(500), Ok(500)]);
        assert_eq!(minor("KWD", "2.125"), Ok(2_125));
        assert_eq!(minor("JPY", "2.55"), Err(Skip::FractionalPrice));
    }

    #[test]
    fn of_two_reasons_the_first_counts() {
        assert_eq!(read(&[(5, "0"), (6, "")]).unwrap_err(), Skip::NoCustomer);
    }

    #[test]
    fn columns_are_found_by_name_and_a_missing_one_is_named() {
        let error = Columns::of(&ByteRecord::from(vec!["InvoiceNo", "StockCode"])).unwrap_err();
        assert!(error.to_string().contains("Description"), "{error}");
    }
}
