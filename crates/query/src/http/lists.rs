//! A customer's orders, page by page: whole for programs, and small for phones.

use runtime::http::server::Routes;
use runtime::http::{PageRequest, Problem, Response, StatusCode, TOKEN_HEADER, json, page};
use runtime::warp::http::header;
use runtime::warp::{self, Filter};

use super::query::{Query, query};
use super::{App, Read, insert, problems, read};
use crate::answers::customer::customer_orders;
use crate::answers::mobile::mobile_orders;

pub(super) fn routes(app: &App) -> Routes {
    let whole = warp::path!("customers" / String / "orders")
        .and(page())
        .and(read(app))
        .then(get_customer_orders);
    let small = warp::path!("mobile" / "orders")
        .and(page())
        .and(query())
        .and(read(app))
        .then(get_mobile_orders);
    whole.or(small).unify().boxed()
}

async fn get_customer_orders(id: String, page: PageRequest, read: Read) -> Response {
    let answer = async {
        let id = problems::id(&id)?;
        let after = page.after.as_deref().map(problems::sequence).transpose()?;
        read.wait().await?;
        let answer = customer_orders(&read.app.0.reader, &id, page.limit, after).await;
        let answer = answer.map_err(|none| read.problem(none))?;
        let mut response = read.found(&answer, &answer.freshness);
        link_next(&mut response, &page, answer.last.as_deref());
        Ok(response)
    };
    answer.await.unwrap_or_else(Problem::into_response)
}

/// The answer and its tag say nothing of freshness: a phone that has this page already is told so,
/// whatever happened elsewhere meanwhile.
async fn get_mobile_orders(page: PageRequest, mut query: Query, read: Read) -> Response {
    let answer = async {
        let customer = query.need("customer", "whose orders")?;
        query.end(&["limit", "cursor"])?;
        let customer = problems::id(&customer)?;
        let after = page.after.as_deref().map(problems::sequence).transpose()?;
        read.wait().await?;
        let answer = mobile_orders(&read.app.0.reader, &customer, page.limit, after).await;
        let answer = answer.map_err(|none| read.problem(none))?;
        let mut response = json(StatusCode::OK, &answer);
        let freshness = &answer.freshness;
        insert(&mut response, TOKEN_HEADER, &freshness.token());
        insert(&mut response, super::STATE_HEADER, freshness.state);
        insert(&mut response, super::BEHIND_HEADER, &freshness.behind.to_string());
        insert(&mut response, header::CACHE_CONTROL.as_str(), "private, no-cache");
        link_next(&mut response, &page, answer.last.as_deref());
        Ok(response)
    };
    answer.await.unwrap_or_else(Problem::into_response)
}

fn link_next(response: &mut Response, page: &PageRequest, last: Option<&str>) {
    if let Some(last) = last {
        let link = format!("<{}>; rel=\"next\"", page.next(last));
        insert(response, header::LINK.as_str(), &link);
    }
}
