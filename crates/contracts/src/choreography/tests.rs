//! The rules of `protocol`'s choreography, held against this shop and against small changes of it.

mod check;
mod next;
mod runs;
