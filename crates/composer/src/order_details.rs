//! One order with all that belongs to it: its customer, products, charge, reservation and shipment.

use std::time::Instant;

use contracts::{CustomerId, OrderId, Sku, service};
use protocol::Service;
use runtime::Token;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::exchange::Behalf;
use crate::failure::Failure;
use crate::owners::{Entity, MissingPart, Owners, Part, Shortfall, StalePart};
use crate::question::Question;
use std::sync::Arc;

/// Products that are asked for at most. An order of more lines names the others in `missing`: its
/// lines tell their names and prices anyway.
pub const PRODUCTS_MAX: usize = 20;

/// The share of the deadline that the order itself may take, in percent. Customer and products can be
/// asked only once it is known whose and which they are, from the order or from what it was before.
const ORDER_SHARE_PERCENT: u32 = 60;

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderDetails {
    /// The order.
    pub order_id: OrderId,
    /// Whether nothing is missing or from before.
    pub complete: bool,
    /// As the order service knows it.
    pub order: Option<Entity>,
    /// The customer as of now, not as of the order.
    pub customer: Option<Entity>,
    /// The products as of now, not as of the order; in the order of the lines.
    pub products: Vec<Entity>,
    /// What was charged; none if nothing was yet.
    pub charge: Option<Entity>,
    /// What is reserved; none if nothing is yet.
    pub reservation: Option<Entity>,
    /// The shipment; none if there is none yet.
    pub shipment: Option<Entity>,
    /// Parts that are from before.
    pub stale: Vec<StalePart>,
    /// Parts that are not there.
    pub missing: Vec<MissingPart>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum NoDetails {
    /// The order service knows no such order.
    Unknown,
    /// Nobody said anything of it.
    Nothing {
        /// Whether the order service was only too slow.
        late: bool,
        /// Why.
        missing: Vec<MissingPart>,
    },
}

/// What is read of an order, to ask on.
#[derive(Debug, Deserialize)]
struct OrderHead {
    customer_id: CustomerId,
    lines: Vec<LineHead>,
}

#[derive(Debug, Deserialize)]
struct LineHead {
    sku: Sku,
}

/// One part that was asked for, by its question.
type Asked = (Question, Part);

/// What the order leads to.
#[derive(Default)]
struct Beyond {
    customer: Option<Asked>,
    products: Vec<Asked>,
}

/// Asks all owners at once, and customer and products as soon as the order is known.
///
/// # Errors
/// When there is no such order, or nobody knows anything of it in time.
pub async fn order_details(
    owners: &Arc<Owners>,
    id: &OrderId,
    behalf: &Behalf,
) -> Result<(OrderDetails, Token), NoDetails> {
    let deadline = owners.deadline();
    let ask = |owner, path| async move {
        let question = Question::entity(owner, path, "order_id", id);
        let part = owners.part(&question, behalf, deadline).await;
        (question, part)
    };
    let (order, charge, reservation, shipment) = tokio::join!(
        order_and_beyond(owners, id, behalf, deadline),
        ask(service::PAYMENT, "/charges"),
        ask(service::INVENTORY, "/reservations"),
        ask(service::SHIPPING, "/shipments"),
    );
    put_together(id, &behalf.token, order, [charge, reservation, shipment])
}

async fn order_and_beyond(
    owners: &Arc<Owners>,
    id: &OrderId,
    behalf: &Behalf,
    deadline: Instant,
) -> (Asked, Beyond) {
    let question = Question::entity(service::ORDER, "/orders", "order_id", id);
    let share = owners.patience() * (100 - ORDER_SHARE_PERCENT) / 100;
    let part = owners.part(&question, behalf, deadline - share).await;
    let body = match &part {
        Part::Fresh(found) => Some(&found.body),
        Part::Stale(body, ..) => Some(body),
        Part::Absent | Part::Missing(_) => None,
    };
    let beyond = match body.map(|body| serde_json::from_str::<OrderHead>(body.get())) {
        Some(Ok(head)) => beyond(owners, &head, behalf, deadline).await,
        Some(Err(_)) | None => Beyond::default(),
    };
    ((question, part), beyond)
}

async fn beyond(
    owners: &Arc<Owners>,
    head: &OrderHead,
    behalf: &Behalf,
    deadline: Instant,
) -> Beyond {
    let mut skus: Vec<&Sku> = Vec::new();
    for LineHead { sku } in &head.lines {
        if !skus.contains(&sku) {
            skus.push(sku);
        }
    }
    let product = |sku: &&Sku| Question::entity(service::PRODUCT, "/products", "sku", sku);
    let mut questions = skus.iter().map(product);
    let asked = questions.by_ref().take(PRODUCTS_MAX).collect();
    let customer = Question::entity(service::CUSTOMER, "/customers", "id", &head.customer_id);
    let (part, mut products) = tokio::join!(
        owners.part(&customer, behalf, deadline),
        all(owners, asked, behalf, deadline),
    );
    let too_many = || Part::Missing(Failure::NotAsked("the order has too many products"));
    products.extend(questions.map(|question| (question, too_many())));
    Beyond { customer: Some((customer, part)), products }
}

/// Asks all of these at once; the answers come in the order of the questions.
async fn all(
    owners: &Arc<Owners>,
    questions: Vec<Question>,
    behalf: &Behalf,
    deadline: Instant,
) -> Vec<Asked> {
    let mut asking = JoinSet::new();
    for (nth, question) in questions.into_iter().enumerate() {
        let (owners, behalf) = (Arc::clone(owners), behalf.clone());
        asking.spawn(async move {
            let part = owners.part(&question, &behalf, deadline).await;
            (nth, (question, part))
        });
    }
    let mut answers = asking.join_all().await;
    answers.sort_by_key(|(nth, _)| *nth);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

fn put_together(
    id: &OrderId,
    token: &Token,
    ((question, order), beyond): (Asked, Beyond),
    others: [Asked; 3],
) -> Result<(OrderDetails, Token), NoDetails> {
    if matches!(order, Part::Absent) {
        return Err(NoDetails::Unknown);
    }
    let late = matches!(order, Part::Missing(Failure::TimedOut { .. } | Failure::NotCaughtUp));
    let mut shortfall = Shortfall::default();
    let order = shortfall.note(&question, order, token);
    let [charge, reservation, shipment] =
        others.map(|(question, part)| shortfall.note(&question, part, token));
    if [&order, &charge, &reservation, &shipment].iter().all(|part| part.is_none()) {
        return Err(NoDetails::Nothing { late, missing: shortfall.missing });
    }
    let customer = match beyond.customer {
        Some((question, part)) => shortfall.note(&question, part, token),
        None => {
            shortfall.missing.push(not_asked(service::CUSTOMER, "/customers"));
            shortfall.missing.push(not_asked(service::PRODUCT, "/products"));
            None
        }
    };
    let products = beyond.products.into_iter();
    let products = products.filter_map(|(question, part)| shortfall.note(&question, part, token));
    let products = products.collect();
    let complete = shortfall.is_none();
    let Shortfall { stale, missing, seen } = shortfall;
    let order_id = id.clone();
    let details = OrderDetails {
        order_id,
        complete,
        order,
        customer,
        products,
        charge,
        reservation,
        shipment,
        stale,
        missing,
    };
    Ok((details, seen))
}

fn not_asked(owner: Service, asked: &str) -> MissingPart {
    let failure = Failure::NotAsked("the order is missing, which says whose and what it is");
    let (reason, detail) = (failure.reason(), failure.detail());
    MissingPart { owner, asked: asked.to_owned(), reason, detail }
}
