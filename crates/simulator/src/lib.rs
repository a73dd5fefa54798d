//! The whole choreography in one thread under one seed: the real engine and the real services, over
//! models of broker, database, network and clock with the nasty habits that the real ones have.
//!
//! There is no I/O, no clock, no runtime and no randomness but the seed's: the same seed gives the
//! same log to the byte.

mod random;

mod fault;

mod agenda;
mod broker;
mod env;
mod story;

mod seeded;

mod services;

mod process;

mod cast;

mod clients;

mod chaos;
mod world;

mod checks;
pub mod episode;
pub mod run;

pub mod exhaustive;
pub mod read_side;

pub use cast::{Newcomer, OwnCheck};
pub use episode::{Episode, play, play_among, play_beside, play_with};
pub use fault::{Count, Fault, Tally};
pub use random::Random;
pub use run::{Plan, Played, run};
pub use seeded::DriverBug;
