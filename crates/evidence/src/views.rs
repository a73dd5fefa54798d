//! Asks the read model what clients ask it, and compares each answer where it stands: an answer says
//! how far it has folded the streams, and the fold is taken there.

use std::time::Duration;

use auditor::fold::order::OrderFold;
use auditor::views::{self as expected, Report};
use auditor::{Checked, Fold, Invariant, RowRef, subset};
use client::http::{Call, CallError, Client};
use client::run_file::RunFile;
use contracts::{CustomerId, OrderId, Sku, service};
use hyper::StatusCode;
use protocol::Service;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::gathering::{Cut, Gathering};

/// Orders, customers or products that are asked for one by one, spread evenly over all.
const ASKED_MAX: usize = 2_000;

/// Answers that are asked for at once.
const ASKED_AT_ONCE: usize = 16;

/// How often an answer is asked for that cannot be compared, and the wait before.
const ATTEMPTS: usize = 5;
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// What is asked for.
#[derive(Clone, Debug)]
enum Question {
    Dashboard,
    Order(OrderId),
    Customer(CustomerId),
    Product(Sku),
    Report(Report),
}

/// Answers, being asked for and compared.
struct Asking<'a> {
    client: Client,
    url: &'a str,
    gathering: &'a mut Gathering,
    deadline: Instant,
    checked: Checked,
    /// Why the last answer that could not be compared could not be.
    reason: String,
}

/// Compares answers of the read model.
pub(crate) async fn check(
    running: &RunFile,
    gathering: &mut Gathering,
    deadline: Instant,
) -> Checked {
    let checked = Checked::new(Invariant::Views, "answers");
    let url = match running.query() {
        Ok(url) => url,
        Err(error) => return checked.unknown(format!("{error:#}")),
    };
    let (client, reason) = (running.client(), String::new());
    Asking { client, url, gathering, deadline, checked, reason }.run().await
}

impl Asking<'_> {
    async fn run(mut self) -> Checked {
        let all = questions(self.gathering.fold());
        let mut left = 0;
        for some in all.chunks(ASKED_AT_ONCE) {
            let lacking = self.compare_all(some.to_vec()).await;
            if lacking == some.len() {
                // So it would be with all others, too.
                let lacking = all.len() as u64 - self.checked.examined;
                return self.checked.unknown(format!("{lacking} answers: {}", self.reason));
            }
            left += lacking;
            self.gathering.show("comparing answers:", self.checked.examined, all.len() as u64);
            if Instant::now() > self.deadline {
                let (done, of) = (self.checked.examined, all.len());
                let text = format!("it takes too long: {done} of {of} answers were compared");
                return self.checked.unknown(text);
            }
        }
        let Self { checked, reason, .. } = self;
        if left == 0 { checked } else { checked.unknown(format!("{left} answers: {reason}")) }
    }

    /// Compares these answers. Says how many could not be, however often they were asked for.
    async fn compare_all(&mut self, mut open: Vec<Question>) -> usize {
        for attempt in 0..ATTEMPTS {
            if open.is_empty() || Instant::now() > self.deadline {
                break;
            }
            if attempt > 0 {
                tokio::time::sleep(ASK_AGAIN_AFTER).await;
            }
            let token = self.gathering.token();
            let answers = ask(&self.client, self.url, &token, &open).await;
            open.clear();
            for (question, answer) in answers {
                if let Err(reason) = self.compare(&question, answer).await {
                    self.reason = reason;
                    open.push(question);
                }
            }
        }
        open.len()
    }

    /// Compares an answer where it stands, or says why that cannot be.
    async fn compare(
        &mut self,
        question: &Question,
        answer: Result<Value, CallError>,
    ) -> Result<(), String> {
        let differences = match answer {
            Ok(answer) => {
                let cut = folded(&answer);
                let reached = self.gathering.reach(&cut, self.deadline).await;
                reached.map_err(|error| error.to_string())?;
                if self.gathering.cut() != cut {
                    return Err("the read model did not stand where the auditor does".to_owned());
                }
                question.differences(self.gathering.fold(), &answer)
            }
            // It has folded what the token names, and knows nothing of this.
            Err(error @ CallError::Refused { status: StatusCode::NOT_FOUND, .. }) => {
                vec![error.to_string()]
            }
            Err(error) => return Err(error.to_string()),
        };
        self.checked.examined += 1;
        for text in differences {
            let rows = question.rows(self.gathering.fold());
            self.checked.found(question.about(), rows, text);
        }
        Ok(())
    }
}

fn questions(fold: &Fold) -> Vec<Question> {
    let mut all = vec![Question::Dashboard];
    all.extend(spread(fold.orders.keys().collect()).map(Question::Order));
    all.extend(spread(fold.customers.keys().collect()).map(Question::Customer));
    all.extend(spread(fold.products.keys().collect()).map(Question::Product));
    all.extend(Report::newest_year(fold).map(Question::Report));
    all
}

/// At most so many as are asked for, spread evenly over all.
fn spread<T: Clone>(all: Vec<&T>) -> impl Iterator<Item = T> {
    let step = all.len().div_ceil(ASKED_MAX).max(1);
    all.into_iter().step_by(step).cloned()
}

/// The answers, in the order in which the read model has folded what they say.
async fn ask(
    client: &Client,
    url: &str,
    token: &str,
    questions: &[Question],
) -> Vec<(Question, Result<Value, CallError>)> {
    let mut asked = JoinSet::new();
    for question in questions.iter().cloned() {
        let client = client.clone();
        let call = Call::get(format!("{url}/{}", question.path())).after(token);
        asked.spawn(async move { (question, client.json::<Value>(call).await) });
    }
    let mut answers = asked.join_all().await;
    let rows = |answer: &Result<Value, CallError>| -> u64 {
        answer.as_ref().map_or(0, |answer| folded(answer).values().sum())
    };
    answers.sort_by_cached_key(|(question, answer)| (rows(answer), question.path()));
    answers
}

/// How far an answer says that it has folded the streams.
fn folded(answer: &Value) -> Cut {
    let of = |service: Service| {
        let stream = &answer["freshness"]["streams"][service.stream()];
        Some((service, stream["folded"].as_u64()?))
    };
    service::ALL.into_iter().filter_map(of).collect()
}

impl Question {
    fn path(&self) -> String {
        match self {
            Self::Dashboard => "dashboard".to_owned(),
            Self::Order(id) => format!("orders/{id}"),
            Self::Customer(id) => format!("customers/{id}/orders?limit={}", expected::ITEMS_MAX),
            Self::Product(sku) => format!("products/{sku}/sales"),
            Self::Report(Report { from, to }) => {
                format!("reports/sales?from={from}&to={to}&by=day")
            }
        }
    }

    fn about(&self) -> String {
        match self {
            Self::Dashboard => "dashboard".to_owned(),
            Self::Order(id) => id.to_string(),
            Self::Customer(id) => format!("customer {id}"),
            Self::Product(sku) => format!("product {sku}"),
            Self::Report(Report { from, to }) => format!("report of {from} to {to}"),
        }
    }

    /// The rows that show it.
    fn rows(&self, fold: &Fold) -> Vec<RowRef> {
        let Self::Order(id) = self else { return Vec::new() };
        let of = |order: &OrderFold| -> Vec<_> {
            order.by(service::ORDER).map(|moment| moment.place()).collect()
        };
        fold.orders.get(id).map(of).unwrap_or_default()
    }

    fn differences(&self, fold: &Fold, seen: &Value) -> Vec<String> {
        let difference = match self {
            Self::Dashboard => return of_dashboard(fold, seen),
            Self::Order(id) => {
                fold.orders.get(id).and_then(|order| expected::difference_of_order(order, seen))
            }
            Self::Customer(id) => expected::difference(&expected::customer(fold, id), seen),
            Self::Product(sku) => expected::difference(&expected::product(fold, sku), seen),
            Self::Report(report) => report.difference(fold, seen),
        };
        difference.into_iter().collect()
    }
}

fn of_dashboard(fold: &Fold, dashboard: &Value) -> Vec<String> {
    let difference = |(name, expected): (String, Value)| {
        let seen = subset::of(&dashboard[name.as_str()], &expected);
        (seen != expected)
            .then(|| format!("{name}: expected {expected}, the read model says {seen}"))
    };
    expected::dashboard(fold).into_iter().filter_map(difference).collect()
}
