//! An expectation that was not met.

use contracts::OrderId;

/// What was expected, what was seen instead, and which orders it is about.
#[derive(Clone, Debug)]
pub(crate) struct ExpectationFailed {
    pub expected: String,
    pub seen: String,
    /// The orders that it is about; none for all of the scenario.
    pub orders: Vec<OrderId>,
}

impl From<anyhow::Error> for ExpectationFailed {
    fn from(error: anyhow::Error) -> Self {
        let expected = "the step can be done".to_owned();
        Self { expected, seen: format!("{error:#}"), orders: Vec::new() }
    }
}
