//! Lists of orders, by what a person knows of those that are looked for.
//!
//! Where neither a state, a reason nor a customer is named, all orders are walked through from the newest on
//! until the page is full.

use contracts::CustomerId;
use contracts::Money;
use contracts::events::order::EndReason;
use protocol::Timestamp;
use rusqlite::types::{Type, Value};
use rusqlite::{Row, params_from_iter};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::document::Sort;
use super::index::{Index, RANK};

/// Which orders are wanted: those for which all holds that is named.
#[derive(Clone, Debug, Default)]
pub struct WantedOrders {
    pub state: Option<String>,
    pub reason: Option<EndReason>,
    pub customer: Option<CustomerId>,
    pub currency: Option<String>,
    /// At least so many minor units.
    pub min: Option<i64>,
    /// At most so many.
    pub max: Option<i64>,
    /// Placed not before.
    pub since: Option<Timestamp>,
    /// Placed not after.
    pub until: Option<Timestamp>,
    /// Of this business day or a later one.
    pub from: Option<String>,
    /// Of this business day or an earlier one.
    pub to: Option<String>,
    /// So many at most.
    pub limit: usize,
    /// Behind the order with this number.
    pub after: Option<i64>,
}

/// A page of orders.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderList {
    /// The orders, the newest first.
    pub items: Vec<ListedOrder>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// The number that the cursor stands for.
    #[serde(skip)]
    pub last: Option<i64>,
}

/// One order in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedOrder {
    /// The order.
    pub order_id: String,
    /// Its state, by the choreography's name.
    pub state: String,
    /// Why it ended, once it has.
    pub reason: Option<EndReason>,
    /// Who ordered.
    pub customer_id: String,
    /// The name.
    pub customer_name: String,
    /// The sum of its lines.
    pub total: Money,
    /// The day to which the business counts it.
    pub business_date: String,
    /// When it was placed.
    pub placed_at: Timestamp,
    #[serde(skip)]
    rowid: i64,
}

/// Lists the orders that are wanted.
///
/// # Errors
/// When the database fails.
pub fn list(index: &Index, wanted: &WantedOrders) -> rusqlite::Result<OrderList> {
    let conditions = wanted.conditions()?;
    let filters: String = conditions.iter().map(|(sql, _)| format!(" AND {sql} ?")).collect();
    let sql = format!(
        "SELECT rowid, id, state, reason, customer, title, minor, currency, date, placed
         FROM document WHERE sort = '{}'{filters} ORDER BY rowid DESC LIMIT ?",
        Sort::Order.plural()
    );
    // One more than is shown says whether there is a next page.
    let room = Value::from(i64::try_from(wanted.limit + 1).unwrap_or(i64::MAX));
    let values = conditions.into_iter().map(|(_, value)| value).chain([room]);
    let mut select = index.connection().prepare_cached(&sql)?;
    let found = select.query_map(params_from_iter(values), ListedOrder::of)?;
    let mut items = found.collect::<rusqlite::Result<Vec<_>>>()?;
    let has_more = items.len() > wanted.limit;
    items.truncate(wanted.limit);
    let last = items.last().filter(|_| has_more).map(|order| order.rowid);
    let next = last.map(|last| runtime::http::page::cursor(&last.to_string()));
    Ok(OrderList { items, next, last })
}

impl WantedOrders {
    /// A comparison each, and with what.
    fn conditions(&self) -> rusqlite::Result<Vec<(&'static str, Value)>> {
        let text = |text: &String| Value::from(text.clone());
        let time = |time: Timestamp| Value::from(time.micros());
        let reason = self.reason.map(|reason| reason_text(&reason)).transpose()?;
        let all = [
            ("rowid <", Some(Value::from(self.after.unwrap_or(RANK)))),
            ("state =", self.state.as_ref().map(text)),
            ("reason =", reason.map(Value::from)),
            ("customer =", self.customer.as_ref().map(|id| Value::from(id.to_string()))),
            ("currency =", self.currency.as_ref().map(text)),
            ("minor >=", self.min.map(Value::from)),
            ("minor <=", self.max.map(Value::from)),
            ("placed >=", self.since.map(time)),
            ("placed <=", self.until.map(time)),
            ("date >=", self.from.as_ref().map(text)),
            ("date <=", self.to.as_ref().map(text)),
        ];
        Ok(all.into_iter().filter_map(|(sql, value)| Some((sql, value?))).collect())
    }
}

impl ListedOrder {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let reason: Option<String> = row.get(3)?;
        Ok(Self {
            rowid: row.get(0)?,
            order_id: row.get(1)?,
            state: row.get(2)?,
            reason: reason.map(|text| parsed(3, &text)).transpose()?,
            customer_id: row.get(4)?,
            customer_name: row.get(5)?,
            total: Money::new(row.get(6)?, parsed(7, &row.get::<_, String>(7)?)?),
            business_date: row.get(8)?,
            placed_at: Timestamp::from_micros(row.get(9)?),
        })
    }
}

/// A reason as answers name it.
pub(super) fn reason_text(reason: &EndReason) -> rusqlite::Result<String> {
    let text = serde_json::to_value(reason).map_err(unfit)?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

fn parsed<T: DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    let value = serde_json::Value::from(text);
    serde_json::from_value(value).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

fn unfit(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
