//! Consistency tokens: how much of which stream an answer has seen, or a read has to see.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use protocol::Service;

/// A sequence for each stream, such as `CUSTOMER=3,PRODUCT=17`. Only acknowledged rows are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token(pub BTreeMap<Service, u64>);

/// A text that is no token.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no consistency token: use STREAM=SEQUENCE, separated by commas")]
pub struct InvalidToken(String);

impl Token {
    /// The token of one stream.
    #[must_use]
    pub fn of(service: Service, sequence: u64) -> Self {
        Self(BTreeMap::from([(service, sequence)]))
    }

    /// What this token asks for beyond what has been seen.
    #[must_use]
    pub fn missing(&self, seen: &BTreeMap<Service, u64>) -> BTreeMap<Service, u64> {
        let unseen = |(service, wanted): &(&Service, &u64)| {
            seen.get(service).copied().unwrap_or_default() < **wanted
        };
        self.0.iter().filter(unseen).map(|(service, wanted)| (*service, *wanted)).collect()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (service, sequence)) in self.0.iter().enumerate() {
            let comma = if nth == 0 { "" } else { "," };
            write!(f, "{comma}{}={sequence}", service.stream())?;
        }
        Ok(())
    }
}

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let part = |part: &str| {
            let (stream, sequence) = part.trim().split_once('=')?;
            Some((Service::of_stream(stream)?, sequence.parse().ok()?))
        };
        if text.is_empty() {
            return Ok(Self::default());
        }
        let parts: Option<BTreeMap<_, _>> = text.split(',').map(part).collect();
        parts.map(Self).ok_or_else(|| InvalidToken(text.chars().take(128).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::service;

    #[test]
    fn a_token_survives_its_text_and_names_what_is_missing() {
        let token: Token = "CUSTOMER=3, PRODUCT=17".parse().unwrap();
        assert_eq!(token.to_string(), "CUSTOMER=3,PRODUCT=17");
        let seen = BTreeMap::from([(service::CUSTOMER, 3), (service::PRODUCT, 16)]);
        assert_eq!(token.missing(&seen), BTreeMap::from([(service::PRODUCT, 17)]));
        assert!("CUSTOMER".parse::<Token>().is_err());
    }
}
