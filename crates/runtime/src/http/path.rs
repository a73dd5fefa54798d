//! Ids in paths.

use protocol::Id;
use warp::{Filter, Rejection};

use super::Problem;
use super::problem::kinds;

/// One segment of a path as an id. What is no id is told as that, and not as not found.
pub fn id<T: From<Id> + Send + 'static>()
-> impl Filter<Extract = (T,), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::path::param::<String>().and_then(|text: String| async move {
        text.parse::<Id>().map(T::from).map_err(|error| {
            warp::reject::custom(Problem::new(&kinds::BAD_ID).detail(error.to_string()))
        })
    })
}
