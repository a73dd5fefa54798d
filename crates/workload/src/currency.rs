//! The currencies that the command line takes.

use contracts::Currency;
use contracts::money::UnacceptableAmount;

/// A currency that amounts can be named in.
///
/// # Errors
/// When the text is no code, or one that does not exist.
pub fn active_currency(code: &str) -> anyhow::Result<Currency> {
    let currency: Currency = code.parse()?;
    if currency.is_active() {
        return Ok(currency);
    }
    Err(UnacceptableAmount::UnknownCurrency(currency).into())
}
