//! The whole choreography in one thread under one seed: the real engine and the real services, over
//! models of broker, database, network and clock with the nasty habits that the real ones have.
//!
//! There is no I/O, no clock, no runtime and no randomness but the seed's: the same seed gives the
//! same log to the byte.

mod random;

pub use random::Random;
