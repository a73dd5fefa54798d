//! One customer with what is owed and ordered. Filter and page are the order service's: only what is
//! shown is read.

use contracts::{CustomerId, service};
use runtime::Token;
use runtime::http::{PageRequest, StatusCode, page::cursor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::exchange::Behalf;
use crate::failure::Failure;
use crate::owners::{Entity, MissingPart, Owners, Part, Shortfall, StalePart};
use crate::question::Question;

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Overview {
    /// The customer.
    pub customer_id: CustomerId,
    /// Whether nothing is missing or from before.
    pub complete: bool,
    /// As the customer service knows them.
    pub customer: Option<Entity>,
    /// What is owed, as the payment service knows it; none if nothing was ever charged.
    pub account: Option<Entity>,
    /// A page of orders, newest first.
    pub orders: Option<Entity>,
    /// Parts that are from before.
    pub stale: Vec<StalePart>,
    /// Parts that are not there.
    pub missing: Vec<MissingPart>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum NoOverview {
    /// The customer service knows no such customer.
    Unknown,
    /// The order service refused filter or page.
    Refused(StatusCode, Value),
    /// Nobody said anything of it.
    Nothing(Vec<MissingPart>),
}

#[derive(Debug, Deserialize)]
struct OrdersPage<'a> {
    #[serde(borrow, rename = "items")]
    _items: Vec<&'a RawValue>,
    next: Option<String>,
}

impl Overview {
    /// The cursor of the next page of orders, if there is one.
    #[must_use]
    pub fn next(&self) -> Option<String> {
        let orders = self.orders.as_ref()?;
        serde_json::from_str::<OrdersPage<'_>>(orders.text()).ok()?.next
    }
}

/// Asks customer, payment and order at once. `state` is the order service's filter.
///
/// # Errors
/// When there is no such customer, the order service refuses the filter, or nobody answers in time.
pub async fn overview(
    owners: &Owners,
    id: &CustomerId,
    state: Option<&str>,
    page: &PageRequest,
    behalf: &Behalf,
) -> Result<(Overview, Token), NoOverview> {
    let deadline = owners.deadline();
    let customer = Question::entity(service::CUSTOMER, "/customers", "id", id);
    let account = Question::entity(service::PAYMENT, "/accounts", "customer_id", id);
    let orders = Question::page(service::ORDER, orders_path(id, state, page));
    let parts = tokio::join!(
        owners.part(&customer, behalf, deadline),
        owners.part(&account, behalf, deadline),
        owners.part(&orders, behalf, deadline),
    );
    put_together(id, &behalf.token, (customer, parts.0), (account, parts.1), (orders, parts.2))
}

fn orders_path(id: &CustomerId, state: Option<&str>, page: &PageRequest) -> String {
    let mut path = format!("/orders?customer={id}&limit={}", page.limit);
    if let Some(state) = state {
        path.push_str("&state=");
        path.push_str(state);
    }
    if let Some(after) = &page.after {
        path.push_str("&cursor=");
        path.push_str(&cursor(after));
    }
    path
}

type Asked = (Question, Part);

fn put_together(
    id: &CustomerId,
    token: &Token,
    (customer_question, customer): Asked,
    (account_question, account): Asked,
    (orders_question, orders): Asked,
) -> Result<(Overview, Token), NoOverview> {
    if matches!(customer, Part::Absent) {
        return Err(NoOverview::Unknown);
    }
    if let Part::Missing(Failure::Refused(status, problem)) = orders {
        return Err(NoOverview::Refused(status, problem));
    }
    let mut shortfall = Shortfall::default();
    let customer = shortfall.note(&customer_question, customer, token);
    let account = shortfall.note(&account_question, account, token);
    let orders = shortfall.note(&orders_question, orders, token);
    if customer.is_none() && account.is_none() && orders.is_none() {
        return Err(NoOverview::Nothing(shortfall.missing));
    }
    let complete = shortfall.is_none();
    let Shortfall { stale, missing, seen } = shortfall;
    let customer_id = id.clone();
    Ok((Overview { customer_id, complete, customer, account, orders, stale, missing }, seen))
}
