//! What a client has seen: the consistency tokens of all its answers, made one. Sent along, it makes
//! any service wait until it has seen as much.

use std::collections::BTreeMap;
use std::fmt;

/// How far each stream was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsistencyToken(BTreeMap<String, u64>);

impl ConsistencyToken {
    /// Adds the token of an answer. What is no token says nothing.
    pub fn note(&mut self, token: &str) {
        for part in token.split(',') {
            let Some((stream, sequence)) = part.trim().split_once('=') else { continue };
            let Ok(sequence) = sequence.parse::<u64>() else { continue };
            let seen = self.0.entry(stream.to_owned()).or_default();
            *seen = sequence.max(*seen);
        }
    }
}

impl fmt::Display for ConsistencyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (stream, sequence)) in self.0.iter().enumerate() {
            let comma = if nth == 0 { "" } else { "," };
            write!(f, "{comma}{stream}={sequence}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_of_each_stream_is_kept() {
        let mut seen = ConsistencyToken::default();
        assert_eq!(seen.to_string(), "");
        for token in ["ORDER=7", "CUSTOMER=3, ORDER=5", "no token", "ORDER=x"] {
            seen.note(token);
        }
        assert_eq!(seen.to_string(), "CUSTOMER=3,ORDER=7");
    }
}
