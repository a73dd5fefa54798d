//! The path that a request names, in the one form that routes know: what is encoded without need is
//! decoded, so that `/orders/%6f1` and `/orders/o1` are one resource (RFC 3986, section 6.2.2.2).

use warp::http::uri::{self, PathAndQuery, Uri};

use crate::http::Problem;
use crate::http::problem::kinds;

/// Letters of somebody else's text that a problem repeats.
const EXCERPT_LETTERS: usize = 64;

/// The target with a path in its one form; nothing if it has it already.
pub(super) fn normalised(target: &Uri) -> Result<Option<Uri>, Problem> {
    let path = target.path();
    if !path.contains('%') {
        return Ok(None);
    }
    let unreadable = || {
        Problem::new(&kinds::BAD_PATH).detail(format!("{:?} is not well encoded", excerpt(path)))
    };
    // What it says must be text, whatever is left encoded.
    decode(path).ok_or_else(unreadable)?;
    let path = unreserved_decoded(path).ok_or_else(unreadable)?;
    let whole = match target.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri::Parts::default();
    parts.path_and_query = Some(PathAndQuery::try_from(whole).map_err(|_| unreadable())?);
    Uri::from_parts(parts).map(Some).map_err(|_| unreadable())
}

/// The text that is percent-encoded here; nothing if it is none.
pub(in crate::http) fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        decoded.push(if byte == b'%' { octet(rest.next()?, rest.next()?)? } else { byte });
    }
    String::from_utf8(decoded).ok()
}

/// The beginning of somebody else's text, to be repeated to them.
pub(in crate::http) fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT_LETTERS).collect()
}

fn unreserved_decoded(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut normal = parts.next()?.to_owned();
    for part in parts {
        let (encoded, rest) = part.split_at_checked(2)?;
        let [high, low] = encoded.as_bytes() else { return None };
        match char::from(octet(*high, *low)?) {
            plain if plain.is_ascii_alphanumeric() || "-._~".contains(plain) => normal.push(plain),
            _ => {
                normal.push('%');
                normal.push_str(&encoded.to_ascii_uppercase());
            }
        }
        normal.push_str(rest);
    }
    Some(normal)
}

fn octet(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(target: &str) -> Result<String, u16> {
        let target: Uri = target.parse().unwrap();
        let normal = normalised(&target).map_err(|problem| problem.status.as_u16())?;
        Ok(normal.unwrap_or(target).to_string())
    }

    #[test]
    fn what_needs_no_encoding_is_decoded_once_and_all_else_is_left() {
        for (target, expected) in [
            ("/orders/o1", "/orders/o1"),
            ("/orders/%6f1", "/orders/o1"),
            ("/%6Frders/o%2d1?q=%6f", "/orders/o-1?q=%6f"),
            ("/orders/%256f1", "/orders/%256f1"),
            ("/orders/a%2fb", "/orders/a%2Fb"),
            ("/orders/%C3%A9", "/orders/%C3%A9"),
        ] {
            assert_eq!(normal(target).as_deref(), Ok(expected), "{target}");
        }
        for wrong in ["/orders/%", "/orders/%6", "/orders/%zz", "/orders/%ff", "/orders/%é1"] {
            if wrong.parse::<Uri>().is_ok() {
                assert_eq!(normal(wrong), Err(400), "{wrong}");
            }
        }
    }
}
