//! How far the read model has folded each stream: the whole vector as one text.
//!
//! Redis compares this text byte by byte before it takes a batch, so two projectors, an older
//! copy, a flushed store and a hand on the key all show as the same thing: not what was expected.

use contracts::{StoredEvent, service};
use protocol::{Chain, HistoryId, Position, Row, Service, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far one stream has been folded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Folded {
    pub stream: String,
    /// Sequence of the last row folded; 0 for none.
    pub sequence: u64,
    /// The chain at that row.
    #[serde(with = "protocol::as_text")]
    #[schemars(with = "String")]
    pub chain: Chain,
    /// Which history of the stream that is; none before the first row.
    pub history: Option<History>,
    /// When the last row that was understood was decided.
    pub time: Option<Timestamp>,
}

/// A history id, as its text in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct History(
    #[serde(with = "protocol::as_text")]
    #[schemars(with = "String")]
    pub HistoryId,
);

/// The whole vector: all streams, in the order of [`contracts::service::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Positions(Vec<Folded>);

/// A text that is no vector of positions: somebody else wrote it.
#[derive(Debug, thiserror::Error)]
#[error("the position in Redis is damaged: {0}")]
pub struct DamagedPositions(String);

/// How a row stands to the positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is the next row of its stream.
    Next,
    /// It has been folded before.
    Folded,
    /// It has the number of the last row that was folded, and is another row.
    Different,
    /// Rows are missing before it.
    Gap,
}

impl Default for Positions {
    fn default() -> Self {
        let before_the_first = |service: Service| Folded {
            stream: service.stream().to_owned(),
            sequence: 0,
            chain: Chain::START,
            history: None,
            time: None,
        };
        Self(service::ALL.into_iter().map(before_the_first).collect())
    }
}

impl Positions {
    /// Parses the text.
    ///
    /// # Errors
    /// When it is not what [`Self::to_text`] writes.
    pub fn parse(text: &str) -> Result<Self, DamagedPositions> {
        let positions: Self =
            serde_json::from_str(text).map_err(|error| DamagedPositions(error.to_string()))?;
        let streams = positions.0.iter().map(|folded| folded.stream.as_str());
        if !streams.eq(service::ALL.iter().map(Service::stream)) {
            return Err(DamagedPositions("it does not name the streams in order".to_owned()));
        }
        Ok(positions)
    }

    /// The text, always the same for the same vector.
    ///
    /// # Errors
    /// Never for these types; the serializer's signature asks for it.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// All streams, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Service, &Folded)> {
        service::ALL.into_iter().zip(&self.0)
    }

    /// How far the stream of `service` has been folded.
    #[must_use]
    pub fn of(&self, service: Service) -> Position {
        let folded = self.iter().find(|(of, _)| *of == service).map(|(_, folded)| folded);
        folded
            .map(|folded| Position { sequence: folded.sequence, chain: folded.chain })
            .unwrap_or_default()
    }

    /// When the last row that was understood of the stream of `service` was decided.
    #[must_use]
    pub fn time_of(&self, service: Service) -> Option<Timestamp> {
        self.iter().find(|(of, _)| *of == service).and_then(|(_, folded)| folded.time)
    }

    /// How a row of the stream of `service` stands to what has been folded.
    #[must_use]
    pub fn fit(&self, service: Service, row: &Row) -> Fit {
        let position = self.of(service);
        match row.sequence.cmp(&position.sequence) {
            std::cmp::Ordering::Less => Fit::Folded,
            std::cmp::Ordering::Equal if row.chain == position.chain => Fit::Folded,
            std::cmp::Ordering::Equal => Fit::Different,
            std::cmp::Ordering::Greater if row.sequence == position.sequence + 1 => Fit::Next,
            std::cmp::Ordering::Greater => Fit::Gap,
        }
    }

    /// Moves on by one row, and what it was understood as.
    pub fn advance(&mut self, service: Service, row: &Row, event: Option<&StoredEvent>) {
        let found = service::ALL.into_iter().zip(&mut self.0).find(|(of, _)| *of == service);
        let Some((_, folded)) = found else { return };
        folded.sequence = row.sequence;
        folded.chain = row.chain;
        if let Some(event) = event {
            folded.history = Some(History(event.headers.history));
            folded.time = Some(event.headers.time);
        }
    }

    /// Whether every stream has been folded at least as far as in `other`.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(own, others)| own.sequence >= others.sequence)
    }

    /// How many rows have been folded, of all streams.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.0.iter().map(|folded| folded.sequence).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_survive_their_text() {
        let text = Positions::default().to_text().unwrap();
        assert_eq!(Positions::parse(&text).unwrap(), Positions::default());
    }

    #[test]
    fn a_position_edited_into_nonsense_is_told() {
        for damaged in ["", "null", "[]", "{\"ORDER\":1}"] {
            assert!(Positions::parse(damaged).is_err(), "{damaged:?}");
        }
        let text = Positions::default().to_text().unwrap().replace("ORDER", "ORDERS");
        assert!(Positions::parse(&text).is_err());
    }
}
