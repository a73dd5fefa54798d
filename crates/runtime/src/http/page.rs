//! Pages of long lists: a limit, and an opaque cursor that says where the next page begins.

use warp::filters::path::FullPath;
use warp::{Filter, Rejection};

use super::problem::kinds;
use super::{Problem, query};

/// Items of a page, if the client does not say.
pub const PAGE_ITEMS_DEFAULT: usize = 50;

/// Most items of a page.
pub const PAGE_ITEMS_MAX: usize = 500;

/// Which page of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items at most.
    pub limit: usize,
    /// The key of the last item of the page before; none for the first page.
    pub after: Option<String>,
    /// The path and the other parts of the query, to link to the next page.
    path: String,
    others: Vec<String>,
}

/// Extracts which page is asked for. Other parts of the query are left to other filters.
pub fn page()
-> impl Filter<Extract = (PageRequest,), Error = Rejection> + Clone + Send + Sync + 'static {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::path::full().and(query).and_then(|path: FullPath, query: String| async move {
        PageRequest::parse(path.as_str(), &query).map_err(warp::reject::custom)
    })
}

impl PageRequest {
    /// Reads path and query.
    ///
    /// # Errors
    /// When limit or cursor do not make sense.
    pub fn parse(path: &str, query: &str) -> Result<Self, Problem> {
        let mut page =
            Self { limit: PAGE_ITEMS_DEFAULT, after: None, path: path.to_owned(), others: vec![] };
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = query::pair(part)?;
            match &*name {
                "limit" => page.limit = parse_limit(&value)?,
                "cursor" => page.after = Some(decode(&value).ok_or_else(bad_cursor)?),
                _ => page.others.push(part.to_owned()),
            }
        }
        Ok(page)
    }

    /// The path and query of the page that follows the item with this key.
    #[must_use]
    pub fn next(&self, last: &str) -> String {
        self.at(&cursor(last))
    }

    /// The path and query of the page at a cursor that another page of the same list has named.
    #[must_use]
    pub fn at(&self, cursor: &str) -> String {
        let limit = format!("limit={}", self.limit);
        let cursor = format!("cursor={cursor}");
        let others = self.others.iter().map(String::as_str);
        let query: Vec<&str> = others.chain([limit.as_str(), cursor.as_str()]).collect();
        format!("{}?{}", self.path, query.join("&"))
    }
}

/// The cursor after the item with this key.
#[must_use]
pub fn cursor(last: &str) -> String {
    hexadecimal(last.as_bytes())
}

/// Lower-case hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn decode(cursor: &str) -> Option<String> {
    let digits = cursor.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    bytes.filter(|bytes| !bytes.is_empty()).and_then(|bytes| String::from_utf8(bytes).ok())
}

fn parse_limit(limit: &str) -> Result<usize, Problem> {
    let parsed = limit.parse().ok().filter(|limit| (1..=PAGE_ITEMS_MAX).contains(limit));
    parsed
        .ok_or_else(|| Problem::new(&kinds::BAD_LIMIT).detail(format!("use 1 to {PAGE_ITEMS_MAX}")))
}

/// The problem of a cursor that no page has given.
#[must_use]
pub fn bad_cursor() -> Problem {
    Problem::new(&kinds::BAD_CURSOR).detail("take it from the page before, unchanged")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_the_filters() {
        let page = PageRequest::parse("/orders", "state=placed&limit=2").unwrap();
        assert_eq!((page.limit, &page.after), (2, &None));
        let next = page.next("o-1");
        let (path, query) = next.split_once('?').unwrap();
        let page = PageRequest::parse(path, query).unwrap();
        assert_eq!((page.limit, page.after.as_deref()), (2, Some("o-1")));
        assert_eq!(page.others, ["state=placed"]);
    }

    #[test]
    fn limits_and_cursors_that_make_no_sense_are_refused() {
        for query in
            ["limit=0", "limit=501", "limit=x", "cursor=", "cursor=6", "cursor=zz", "cursor=ff"]
        {
            assert_eq!(PageRequest::parse("/", query).unwrap_err().status, 400, "{query}");
        }
    }
}
