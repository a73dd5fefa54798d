//! The parts of a query: decoded once, each known and named once. A filter with a slip of the pen in
//! its name must not look as if it had been applied.

use super::Problem;
use super::gate::target::{decode, excerpt};
use super::problem::kinds;

/// The name and the value of one part of a query, decoded.
///
/// # Errors
/// When it is not well encoded.
pub(super) fn pair(part: &str) -> Result<(String, String), Problem> {
    let (name, value) = part.split_once('=').unwrap_or((part, ""));
    let text = |text: &str| {
        let unreadable = || bad(&format!("{:?} is not well encoded", excerpt(text)));
        decode(&text.replace('+', " ")).ok_or_else(unreadable)
    };
    Ok((text(name)?, text(value)?))
}

/// Makes sure that each part is one of those that are known, and stands there once.
///
/// # Errors
/// When one is not.
pub(super) fn check(query: &str, known: &[&str]) -> Result<(), Problem> {
    let mut seen: Vec<String> = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, _) = pair(part)?;
        if !known.contains(&&*name) {
            let choice = match known {
                [] => "this path takes none".to_owned(),
                known => format!("use {}", known.join(", ")),
            };
            return Err(bad(&format!("{:?} is no part of this query: {choice}", excerpt(&name)))
                .with("known", known));
        }
        if seen.contains(&name) {
            return Err(bad(&format!("{name} is there more than once: which one counts?")));
        }
        seen.push(name);
    }
    Ok(())
}

fn bad(detail: &str) -> Problem {
    Problem::new(&kinds::BAD_QUERY).detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded_once() {
        for (part, name, value) in [
            ("q=caf%C3%A9+au%20lait", "q", "café au lait"),
            ("%6cimit=%2535", "limit", "%35"),
            ("empty=", "empty", ""),
            ("bare", "bare", ""),
        ] {
            assert_eq!(pair(part).unwrap(), (name.to_owned(), value.to_owned()));
        }
        for wrong in ["q=%", "q=%4", "q=%zz", "q=%ff", "%=1"] {
            assert_eq!(pair(wrong).unwrap_err().status, 400, "{wrong}");
        }
    }

    #[test]
    fn what_is_unknown_or_repeated_is_named() {
        let known = ["state", "limit"];
        assert!(check("limit=2&state=placed", &known).is_ok() && check("", &known).is_ok());
        let unknown = check("stat=placed", &known).unwrap_err().detail.unwrap();
        assert_eq!(unknown, "\"stat\" is no part of this query: use state, limit");
        for wrong in ["limit=1&limit=2", "state=a&%73tate=b", "Limit=1", "=1"] {
            assert_eq!(check(wrong, &known).unwrap_err().status, 400, "{wrong}");
        }
    }
}
