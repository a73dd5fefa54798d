//! One question, an order with its customer, answered three ways under load.
//!
//! The **composer** asks the owners when somebody asks it, the **read model** has folded their events,
//! and the **replica** is what the order service itself knows of its neighbours. What each costs, how
//! far behind it is, and what is left of it while an owner is dead, is measured side by side on the
//! same data; nothing here is estimated.

pub mod ways;

pub mod fixture;

mod tally;

pub mod load;

pub mod outage;
pub mod staleness;

pub mod report;

pub mod chart;
