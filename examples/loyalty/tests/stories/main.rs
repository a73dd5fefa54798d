//! Loyalty with the shop around it: in simulated worlds, in the contract's documents, in containers.
#![cfg(test)]

mod compose;
mod contract;
mod worlds;
