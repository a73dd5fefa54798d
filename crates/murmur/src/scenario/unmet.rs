//! An expectation that was not met.

use contracts::Id;

/// What was expected, what was seen instead, and which orders it is about.
#[derive(Clone, Debug)]
pub(crate) struct Unmet {
    /// What was expected.
    pub(crate) expected: String,
    /// What was seen.
    pub(crate) seen: String,
    /// The orders that it is about; none for all of the scenario.
    pub(crate) orders: Vec<Id>,
}

impl From<anyhow::Error> for Unmet {
    fn from(error: anyhow::Error) -> Self {
        let expected = "the step can be done".to_owned();
        Self { expected, seen: format!("{error:#}"), orders: Vec::new() }
    }
}
