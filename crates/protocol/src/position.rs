//! Positions in streams, and the vector of them that each event carries.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::{Chain, Service};

/// How far a stream has been read: the last row seen, and the chain there. Sequence 0 is before
/// the first row. The chain commits to the history id, since row 1's headers carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Position {
    /// Stream sequence of the last row seen; 0 for none.
    pub sequence: u64,
    /// The chain at that row; [`Chain::START`] for none.
    pub chain: Chain,
}

/// One position per foreign stream: after exactly the input that made an event.
/// As a header: `INVENTORY=12:<chain>,PAYMENT=7:<chain>`, streams in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Vector(pub BTreeMap<Service, Position>);

/// A text that is no vector.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no position vector: expected STREAM=sequence:chain, separated by commas")]
pub struct InvalidVector(String);

/// A text that is no position.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no position: expected NUMBER:CHAIN")]
pub struct InvalidPosition(String);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, self.chain)
    }
}

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (sequence, chain) = text.split_once(':')?;
            Some(Self { sequence: sequence.parse().ok()?, chain: chain.parse().ok()? })
        };
        parse().ok_or_else(|| InvalidPosition(text.chars().take(128).collect()))
    }
}

impl Vector {
    /// The position in the stream of `service` that the text of a vector names, without understanding
    /// the rest of it.
    #[must_use]
    pub(crate) fn entry(text: &str, service: Service) -> Option<Position> {
        let of = |part: &&str| part.split_once('=').is_some_and(|(of, _)| of == service.stream());
        text.split(',').find(of).and_then(parse_part).map(|(_, position)| position)
    }

    /// The position in the stream of `service`; before the first row if it names none.
    #[must_use]
    pub fn of(&self, service: Service) -> Position {
        self.0.get(&service).copied().unwrap_or_default()
    }
}

impl fmt::Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (service, position)) in self.0.iter().enumerate() {
            let comma = if nth == 0 { "" } else { "," };
            write!(f, "{comma}{}={position}", service.stream())?;
        }
        Ok(())
    }
}

impl FromStr for Vector {
    type Err = InvalidVector;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut vector = Self::default();
        if text.is_empty() {
            return Ok(vector);
        }
        for part in text.split(',') {
            let invalid = || InvalidVector(text.chars().take(256).collect());
            let (service, position) = parse_part(part).ok_or_else(invalid)?;
            if vector.0.insert(service, position).is_some() {
                return Err(invalid());
            }
        }
        Ok(vector)
    }
}

fn parse_part(part: &str) -> Option<(Service, Position)> {
    let (stream, rest) = part.split_once('=')?;
    Some((Service::of_stream(stream)?, rest.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_survives_its_text() {
        let chain = Chain::START.next("s", "h", b"p");
        let vector = Vector(BTreeMap::from([
            (Service::named("payment"), Position { sequence: 7, chain }),
            (Service::named("order"), Position::default()),
        ]));
        assert_eq!(vector.to_string().parse(), Ok(vector));
        assert_eq!("".parse(), Ok(Vector::default()));
        assert!("ORDER=1".parse::<Vector>().is_err());
        let twice = format!("ORDER=1:{chain},ORDER=2:{chain}");
        assert!(
            twice.parse::<Vector>().is_err(),
            "readers must not differ in which of the two holds"
        );
    }
}
