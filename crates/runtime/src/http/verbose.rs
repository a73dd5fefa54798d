//! `/readyz?verbose`: whether a process does its work, and besides whether all that it holds is in two
//! places.

use std::collections::BTreeMap;

use warp::{Filter, Rejection};

/// Whether more is asked for than whether the process does its work.
pub fn verbose() -> impl Filter<Extract = (bool,), Error = Rejection> + Copy {
    warp::query::<BTreeMap<String, String>>().map(|query: BTreeMap<String, String>| {
        query.get("verbose").is_some_and(|said| is_yes(said))
    })
}

/// Named alone, it is wished for, too.
fn is_yes(said: &str) -> bool {
    !["false", "0", "no", "off"].contains(&said)
}
