//! Ids in paths.

use protocol::Id;
use warp::http::StatusCode;
use warp::{Filter, Rejection};

use super::Problem;

/// One segment of a path as an id. What is no id is told as that, and not as not found.
pub fn id() -> impl Filter<Extract = (Id,), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::path::param::<String>().and_then(|text: String| async move {
        text.parse::<Id>().map_err(|error| {
            let title = "The id in the path is no id";
            let problem = Problem::new(StatusCode::BAD_REQUEST, "bad-id", title);
            warp::reject::custom(problem.detail(error.to_string()))
        })
    })
}
