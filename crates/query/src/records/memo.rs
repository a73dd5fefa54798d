//! A part of a record whose JSON is made when it is first written, and again only once it has changed.
//!
//! A record is written whole, and most of it is as it was: of a month, one day has changed.

use std::ops::Deref;
use std::sync::OnceLock;

use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// A value, and its JSON if that is known.
#[derive(Clone, Debug, Default)]
pub struct Memo<T> {
    value: T,
    json: OnceLock<Box<RawValue>>,
}

impl<T> Memo<T> {
    /// The value, to be changed.
    pub fn edit(&mut self) -> &mut T {
        self.json.take();
        &mut self.value
    }
}

impl<T> Deref for Memo<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Memo<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Memo<T> {}

impl<T: Serialize> Serialize for Memo<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(json) = self.json.get() {
            return json.serialize(serializer);
        }
        let json = to_raw_value(&self.value).map_err(S::Error::custom)?;
        self.json.get_or_init(|| json).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Memo<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { value: T::deserialize(deserializer)?, json: OnceLock::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_changed_is_written_as_it_is() {
        let mut memo: Memo<Vec<u8>> = serde_json::from_str("[1]").unwrap();
        assert_eq!(serde_json::to_string(&memo).unwrap(), "[1]");
        memo.edit().push(2);
        assert_eq!(serde_json::to_string(&memo).unwrap(), "[1,2]");
        assert_eq!(serde_json::to_string(&memo).unwrap(), "[1,2]");
    }
}
