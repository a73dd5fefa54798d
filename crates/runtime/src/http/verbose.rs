//! `/readyz?verbose`: whether a process does its work, and besides whether all that it holds is in two
//! places.

use std::collections::BTreeMap;

use warp::{Filter, Rejection};

/// Whether more is asked for than whether the process does its work.
pub fn verbose() -> impl Filter<Extract = (bool,), Error = Rejection> + Copy {
    warp::query::<BTreeMap<String, String>>()
        .map(|query: BTreeMap<String, String>| query.contains_key("verbose"))
}
