//! What the records of several projections share: sums, tallies, steps, and what is booked where.

pub mod step;
pub mod sums;
pub mod tally;

pub mod booking;

pub mod memo;

pub use booking::{Booking, Grouping};
pub use memo::Memo;
pub use step::Step;
pub use sums::Sums;
pub use tally::{Tallies, Tally};

/// Why an event cannot be folded into what is stored. The event is parked.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Contradiction(pub String);
