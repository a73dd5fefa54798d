//! Why lines are skipped, how many, and the first of each reason.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use terminal::output::plain;

/// Lines of each reason that are shown.
const SHOWN: usize = 3;

/// Why a line is skipped. Of several reasons, the first in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    /// Nothing stands in any field.
    Blank,
    /// A quote opens that nothing closes.
    OpenQuote,
    /// It has more or fewer fields than the header.
    Fields,
    /// There is no invoice's number.
    Invoice,
    /// An id is written with an exponent, and with fewer digits than it has.
    ShortId,
    /// The quantity is no whole number.
    Quantity,
    /// A number can be read in two ways.
    TwoWays,
    /// More units than an order's line may have.
    TooMany,
    /// There is no day.
    Date,
    /// The day is none that services take.
    FarDate,
    /// The customer's number is none.
    Customer,
    /// Nobody is named as the customer.
    NoCustomer,
    /// The code is no product's.
    NoProduct,
    /// The line stands in the file already.
    Duplicate,
    /// A text is longer than services take it.
    LongText,
    /// The price is no number.
    Price,
    /// The price is 0 or less.
    NoPrice,
    /// The price is more than services take.
    LargePrice,
    /// The price has more decimals than the currency.
    FractionalPrice,
    /// Units come back without a cancelling invoice, or go out with one, or there are none.
    WrongSign,
    /// The invoice is another customer's.
    OtherCustomer,
}

/// Lines of one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    pub count: usize,
    /// The first of them.
    pub first: Vec<Shown>,
}

/// One line, so that it can be found in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Its number in the file.
    pub line: u64,
    /// Its invoice, as it stands there.
    pub invoice: String,
    /// Its product's code, as it stands there.
    pub sku: String,
    /// What the reason is about, as it stands there; may be empty.
    pub value: String,
}

pub(crate) type Skipped = BTreeMap<Skip, Lines>;

impl Skip {
    /// The column that the reason is about, counted as in the header of the original file.
    pub const fn column(self) -> Option<usize> {
        match self {
            Self::Blank
            | Self::OpenQuote
            | Self::Fields
            | Self::NoCustomer
            | Self::Duplicate
            | Self::TwoWays
            | Self::Invoice
            | Self::ShortId
            | Self::NoProduct => None,
            Self::LongText => Some(2),
            Self::Quantity | Self::TooMany | Self::WrongSign => Some(3),
            Self::Date | Self::FarDate => Some(4),
            Self::Price | Self::NoPrice | Self::LargePrice | Self::FractionalPrice => Some(5),
            Self::Customer | Self::OtherCustomer => Some(6),
        }
    }
}

impl Lines {
    pub fn add(&mut self, shown: impl FnOnce() -> Shown) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(shown());
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blank => "nothing stands in the line",
            Self::OpenQuote => "a quote opens that nothing closes",
            Self::Fields => "it has more or fewer fields than the header",
            Self::Invoice => "the invoice has no number that can be used",
            Self::Quantity => "the quantity is no whole number",
            Self::ShortId => {
                "a spreadsheet has shortened the invoice, the code or the customer (5.36E+05): \
                 digits are lost"
            }
            Self::TwoWays => {
                "a number can be read in two ways (1,234 or 1.234): write 1234 or 1.2340, as it \
                 is meant"
            }
            Self::TooMany => "more units than a line of an order may have",
            Self::Date => "the date is none, or not in the file's order of day and month",
            Self::FarDate => "the date is later than services take",
            Self::Customer => "the customer's number cannot be used",
            Self::NoCustomer => "no customer is named",
            Self::NoProduct => "the code is no product's (postage, discount, fee)",
            Self::Duplicate => "an exact duplicate of an earlier line",
            Self::LongText => "the description or the country is longer than 200 bytes",
            Self::Price => "the price is no number",
            Self::NoPrice => "the price is 0 or less",
            Self::LargePrice => "the price is more than an order may come to",
            Self::FractionalPrice => "the price has more decimals than its currency",
            Self::WrongSign => "the sign of the quantity does not fit the invoice, or it is 0",
            Self::OtherCustomer => "the invoice is another customer's",
        })
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, invoice, sku, value } = self;
        write!(f, "line {line}")?;
        if !invoice.is_empty() || !sku.is_empty() {
            write!(f, " ({}, {})", plain(invoice), plain(sku))?;
        }
        if value.is_empty() { Ok(()) } else { write!(f, ": {value:?}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_file_moves_no_cursor() {
        let raw = || "1\u{1b}[2J\u{202e}".to_owned();
        let shown = Shown { line: 2, invoice: raw(), sku: raw(), value: raw() }.to_string();
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
        assert!(shown.starts_with("line 2 (1\\u{1b}[2J"), "{shown}");
    }
}
