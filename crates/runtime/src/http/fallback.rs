//! What is answered where no route is, or where a filter refused.

use warp::reject::{InvalidHeader, InvalidQuery, MethodNotAllowed, Rejection};
use warp::reply::Response;

use super::Problem;
use super::problem::kinds;

/// The problem that a rejection stands for. What the route that was meant says comes first: that
/// others did not match says nothing then.
#[must_use]
pub fn problem(rejection: &Rejection) -> Problem {
    if let Some(problem) = rejection.find::<Problem>() {
        return problem.clone();
    }
    if let Some(header) = rejection.find::<InvalidHeader>() {
        return Problem::new(&kinds::BAD_HEADER).detail(header.to_string());
    }
    if rejection.find::<InvalidQuery>().is_some() {
        return Problem::new(&kinds::BAD_QUERY);
    }
    if rejection.find::<MethodNotAllowed>().is_some() {
        return Problem::new(&kinds::METHOD_NOT_ALLOWED);
    }
    if rejection.is_not_found() {
        return Problem::new(&kinds::NOT_FOUND);
    }
    Problem::new(&kinds::BAD_REQUEST).detail(format!("{rejection:?}"))
}

/// For `Filter::recover`.
///
/// # Errors
/// Never; the filter's signature asks for it.
pub async fn recover(rejection: Rejection) -> Result<Response, std::convert::Infallible> {
    std::future::ready(Ok(problem(&rejection).into_response())).await
}

#[cfg(test)]
mod tests {
    use warp::Filter;
    use warp::http::StatusCode;

    use super::*;
    use crate::http::{CommandRequest, command};

    fn routes() -> warp::filters::BoxedFilter<(Response,)> {
        let orders = warp::post()
            .and(warp::path!("orders"))
            .and(command::<u32>())
            .map(|_: CommandRequest, n: u32| crate::http::json(StatusCode::OK, &n));
        let stock = warp::post()
            .and(warp::path!("stock"))
            .and(command::<u32>())
            .map(|_: CommandRequest, n: u32| crate::http::json(StatusCode::OK, &n));
        let listed = warp::path!("orders")
            .and(warp::get())
            .and(warp::query::<std::collections::BTreeMap<String, u8>>());
        let listed = listed.map(|_| crate::http::json(StatusCode::OK, &()));
        orders.or(stock).unify().or(listed).unify().boxed()
    }

    async fn status(method: &str, path: &str, body: &str) -> u16 {
        let service = warp::service(routes().recover(recover));
        let request = warp::http::Request::builder().method(method).uri(path);
        let request = request.body(warp::reply::Response::new(body.to_owned().into()).into_body());
        let service = hyper_util::service::TowerToHyperService::new(service);
        let response = hyper::service::Service::call(&service, request.unwrap()).await.unwrap();
        response.status().as_u16()
    }

    #[tokio::test]
    async fn the_problem_of_the_route_that_matched_is_answered() {
        assert_eq!(status("POST", "/orders", "7").await, 200);
        assert_eq!(status("POST", "/orders", "x").await, 400);
        assert_eq!(status("POST", "/stock", "x").await, 400);
        assert_eq!(status("PUT", "/orders", "").await, 405);
        assert_eq!(status("GET", "/orders?1=2", "").await, 200);
        assert_eq!(status("GET", "/orders?1=no", "").await, 400);
        assert_eq!(status("POST", "/nowhere", "7").await, 404);
        let large = "1".repeat(crate::http::BODY_BYTES_MAX + 1);
        assert_eq!(status("POST", "/orders", &large).await, 413);
    }
}
