//! A moment of history: `?at=17` or `?at=2026-01-31T12:00:00Z`.

use engine::history::Moment;
use warp::{Filter, Rejection};

use super::problem::kinds;
use super::{Problem, query};

/// The part of a query that names a moment.
pub const MOMENT: &str = "at";

/// Extracts the moment that is asked for; none for now.
pub fn moment()
-> impl Filter<Extract = (Option<Moment>,), Error = Rejection> + Clone + Send + Sync + 'static {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    query.and_then(|query: String| async move { parse(&query).map_err(warp::reject::custom) })
}

fn parse(query: &str) -> Result<Option<Moment>, Problem> {
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = query::pair(part)?;
        if name == MOMENT {
            return value.parse().map(Some).map_err(|error: engine::history::InvalidMoment| {
                Problem::new(&kinds::BAD_MOMENT).detail(error.to_string())
            });
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_a_moment_or_none_and_nonsense_is_refused() {
        assert_eq!(parse("").unwrap(), None);
        assert_eq!(parse("token=x&at=17").unwrap(), Some(Moment::Version(17)));
        assert!(matches!(parse("at=2026-01-31T12%3A00%3A00Z"), Ok(Some(Moment::Time(_)))));
        assert!(parse("at=yesterday").is_err());
    }
}
