//! A composer with six owners, and how to ask it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use composer::exchange::Exchange;
use composer::owners::Owners;
use contracts::service;
use http_body_util::{BodyExt as _, Empty};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use protocol::Service;
use runtime::http::server;
use runtime::shutdown::{StopSender, stop_signal};
use serde_json::{Value, json};

use crate::strange_owner::{Manner, StrangeOwner};

/// Long enough for a busy machine to answer six small requests.
pub(crate) const DEADLINE: Duration = Duration::from_millis(400);

/// What a busy machine may take beyond a deadline. Far less than any owner here would hang.
const GRACE: Duration = Duration::from_secs(2);

/// The order that everything is about.
pub(crate) const DETAILS: &str = "/order-details/o-1";

/// A composer, and all that it asks; it ends with the value.
pub(crate) struct Stage {
    pub(crate) owners: HashMap<Service, StrangeOwner>,
    url: String,
    _stop: StopSender,
}

/// What came back, and how long that took.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Stage {
    /// Six owners that answer well.
    pub(crate) async fn start() -> Self {
        let mut owners = HashMap::new();
        for service in service::ALL {
            owners.insert(service, StrangeOwner::start(well(service)).await);
        }
        let urls: Vec<_> = owners
            .iter()
            .map(|(service, owner)| (*service, format!("http://{}", owner.address)))
            .collect();
        let routes =
            composer::http::api(Arc::new(Owners::new(&urls, DEADLINE, &Exchange::default())));
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stopper, stop) = stop_signal(Duration::ZERO);
        tokio::spawn(server::serve(listener, routes, stop));
        Self { owners, url, _stop: stopper }
    }

    /// One owner behaves like this from now on.
    pub(crate) fn set(&self, service: Service, manner: Manner) {
        self.owners[&service].behaves(manner);
    }

    /// One owner answers well again.
    pub(crate) fn heal(&self, service: Service) {
        self.set(service, well(service));
    }

    /// Asks; the answer must come within the deadline.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_after(path, "").await
    }

    /// Asks with a consistency token.
    pub(crate) async fn get_after(&self, path: &str, token: &str) -> Answer {
        self.get_with(path, &[("murmur-token", token)]).await
    }

    /// Asks with these headers.
    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let begun = Instant::now();
        let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
        let mut request = Request::get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = client.request(request.body(Empty::new()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let took = begun.elapsed();
        assert!(took < DEADLINE + GRACE, "{path} took {took:?}");
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The breaker of an owner, as `/breakers` tells it.
    pub(crate) async fn breaker(&self, service: Service) -> Value {
        let all = self.get("/breakers").await.body;
        let all = all.as_array().unwrap();
        all.iter().find(|one| one["owner"] == service.name()).unwrap().clone()
    }

    /// Asks until the answer is as wanted.
    pub(crate) async fn get_until(&self, path: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let answer = self.get(path).await;
            if wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "still {answer:?}");
            tokio::task::yield_now().await;
        }
    }
}

impl Answer {
    /// The reason for which an owner's part is missing, or from before.
    pub(crate) fn reason(&self, list: &str, owner: &str) -> &str {
        let parts = self.body[list].as_array().unwrap();
        let part = parts.iter().find(|part| part["owner"] == owner);
        part.unwrap_or_else(|| panic!("{owner} is not in {list} of {self:?}"))["reason"]
            .as_str()
            .unwrap()
    }
}

/// An owner that knows of one order of one customer.
pub(crate) fn well(service: Service) -> Manner {
    let order = json!({"order_id": "o-1", "customer_id": "ann", "version": 7, "state": "completed",
        "lines": [{"sku": "mug"}, {"sku": "cup"}, {"sku": "mug"}]});
    let bodies = match service {
        service::ORDER => vec![
            ("/orders/o-1", order.clone()),
            ("/orders?customer=ann&limit=1", json!({"items": [order], "next": "6f2d31"})),
            (
                "/orders?customer=ann&limit=1&state=placed&cursor=6f2d31",
                json!({"items": [], "next": null}),
            ),
        ],
        service::CUSTOMER => vec![("/customers/ann", json!({"id": "ann", "version": 3}))],
        service::PRODUCT => vec![
            ("/products/mug", json!({"sku": "mug", "version": 4})),
            ("/products/cup", json!({"sku": "cup", "version": 5})),
        ],
        service::PAYMENT => vec![
            ("/charges/o-1", json!({"order_id": "o-1", "state": "charged"})),
            ("/accounts/ann", json!({"customer_id": "ann", "outstanding": 0})),
        ],
        service::INVENTORY => vec![("/reservations/o-1", json!({"order_id": "o-1"}))],
        service::SHIPPING => vec![("/shipments/o-1", json!({"order_id": "o-1"}))],
        other => panic!("{other} is no owner"),
    };
    Manner::Answers(
        bodies.into_iter().map(|(path, body)| (path.to_owned(), body.to_string())).collect(),
    )
}
