//! The read side: all six streams folded into Redis, and the answers that no single service can give.
//!
//! # Layout, in reading order
//!
//! * [`records`]: what is kept, each record the fold of one stream; [`keys`] and [`positions`]: under
//!   which names, and how far it has come.
//! * [`fold`]: from a batch of events and the records that they touch to the records afterwards.
//! * [`saga`]: one order across all services, and who owes what next.
//! * [`store`]: Redis, and the one script that writes.
//! * [`projector`]: from [`sources`] of rows through folds into the store, and where that [`standing`] is.
//! * [`reader`]: everything that one answer needs in one round trip; [`answers`]: what it then says.

pub mod records;

mod as_text;
pub mod keys;
pub mod positions;

pub mod saga;

pub mod fold;

pub mod store;

pub mod sources;
pub mod standing;

pub mod projector;

pub mod reader;

pub mod answers;
