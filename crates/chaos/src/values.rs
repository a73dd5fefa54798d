//! Small values of scenario files.

use std::fmt;
use std::time::Duration;

use contracts::kind;
use protocol::Kind;
use serde::{Deserialize, Deserializer, de};

/// A span of time, such as `300ms`, `2s` or `1m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(pub Duration);

/// A text that is no span.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no span of time: write it like 300ms, 2s or 1m")]
pub struct NoSpan(String);

/// One of something, or any of several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum AnyOf<T> {
    One(T),
    Several(Vec<T>),
}

/// Events that are expected next: one, or several that come in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next(pub Vec<Kind>);

impl Span {
    /// In milliseconds, as requests have them.
    pub fn millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl TryFrom<String> for Span {
    type Error = NoSpan;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let unit_ms = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            _ => return Err(NoSpan(text)),
        };
        let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms));
        millis.map(|millis| Self(Duration::from_millis(millis))).ok_or(NoSpan(text))
    }
}

impl<T> AnyOf<T> {
    pub fn all(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

impl<T: fmt::Display> fmt::Display for AnyOf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.all().iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(" or "))
    }
}

impl<'de> Deserialize<'de> for Next {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = AnyOf::<String>::deserialize(deserializer)?;
        let kind = |name: &String| kind::named(name).map_err(de::Error::custom);
        names.all().iter().map(kind).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|kind| kind.name()).collect();
        match names.as_slice() {
            [name] => f.write_str(name),
            names => write!(f, "[{}]", names.join(", ")),
        }
    }
}

/// Whether events came as expected: all of them, no others, in this order.
pub(crate) fn came_as_expected(expected: &[Next], seen: &[Kind]) -> bool {
    let mut rest = seen;
    for Next(kinds) in expected {
        if rest.len() < kinds.len() {
            return false;
        }
        let (here, after) = rest.split_at(kinds.len());
        let (mut here, mut wanted) = (here.to_vec(), kinds.clone());
        here.sort_unstable();
        wanted.sort_unstable();
        if here != wanted {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::kind;

    #[test]
    fn spans_have_a_unit() {
        let millis = |text: &str| Span::try_from(text.to_owned()).map(Span::millis).ok();
        assert_eq!(["300ms", "2s", "1m"].map(millis), [Some(300), Some(2_000), Some(60_000)]);
        assert_eq!(["", "2", "s", "2h", "-2s", "1.5s"].map(millis), [None; 6]);
    }

    #[test]
    fn events_in_one_group_come_in_any_order_and_groups_in_theirs() {
        let expected = [
            Next(vec![kind::ORDER_PLACED]),
            Next(vec![kind::PAYMENT_REFUNDED, kind::INVENTORY_RELEASED]),
        ];
        let (placed, released) = (kind::ORDER_PLACED, kind::INVENTORY_RELEASED);
        assert!(came_as_expected(&expected, &[placed, released, kind::PAYMENT_REFUNDED]));
        assert!(came_as_expected(&expected, &[placed, kind::PAYMENT_REFUNDED, released]));
        assert!(!came_as_expected(&expected, &[released, placed, kind::PAYMENT_REFUNDED]));
        assert!(!came_as_expected(&expected, &[placed, released]));
        let more = [placed, released, kind::PAYMENT_REFUNDED, kind::ORDER_COMPLETED];
        assert!(!came_as_expected(&expected, &more));
        assert!(came_as_expected(&[], &[]));
    }
}
