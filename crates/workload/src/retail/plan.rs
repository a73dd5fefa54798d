//! How a file becomes requests.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Context as _;
use contracts::Currency;
use protocol::ids::InvalidId;

use super::book::Book;
use super::file::dates::DateOrder;
use crate::currency::active_currency;

/// What `murmur replay retail` takes.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The file: columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice,
    /// CustomerID and Country, or as the second edition calls them.
    pub file: PathBuf,
    /// Whether day or month comes first in dates like 01-12-2010, if no date of the file tells.
    #[arg(long, value_name = "ORDER")]
    pub dates: Option<DateOrder>,
    /// Put before all ids, so that a file can be loaded again as other orders.
    #[arg(long, default_value = "")]
    pub prefix: String,
    /// The currency of the prices; the file does not name one.
    #[arg(long, default_value = "GBP", value_parser = active_currency)]
    pub currency: Currency,
    /// Requests that are under way at once.
    #[arg(long, default_value_t = 64, value_name = "REQUESTS")]
    pub at_once: usize,
    /// How long each order can be cancelled once all is taken.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    pub hand_over_ms: u32,
    /// When an order that is not confirmed is cancelled. Long, since services may be away.
    #[arg(long, default_value_t = 600_000, value_name = "MS")]
    pub deadline_ms: u32,
    /// How long a service, or an order's end, may be waited for.
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    pub patience_seconds: u64,
}

/// How the file becomes requests.
#[derive(Clone, Debug)]
pub struct Plan {
    pub prefix: String,
    pub digest: String,
    pub currency: Currency,
    pub at_once: usize,
    pub hand_over_ms: u32,
    pub deadline_ms: u32,
}

impl Plan {
    pub fn of(options: &Options, book: &Book) -> Self {
        Self {
            prefix: options.prefix.clone(),
            digest: book.digest.clone(),
            currency: options.currency,
            at_once: options.at_once.max(1),
            hand_over_ms: options.hand_over_ms,
            deadline_ms: options.deadline_ms,
        }
    }

    /// An id of the file as an id here.
    pub fn id<T: Display + FromStr<Err = InvalidId>>(&self, id: &T) -> anyhow::Result<T> {
        let text = format!("{}{id}", self.prefix);
        text.parse().with_context(|| format!("--prefix {:?} makes no id", self.prefix))
    }

    /// In which something has one effect: this content, in this currency.
    pub fn scope(&self, what: &str) -> String {
        let Self { digest, currency, .. } = self;
        format!("retail {digest} {currency} {what}")
    }
}
