//! Who may ask for what: bearer tokens, each good for what its line in a file of hashes says.
//!
//! * [`scope`]: what a token is good for, and what an operation asks of who calls it.
//! * [`bearer`]: a token as its holder has it, and the hash that is all a process keeps of it.
//! * [`tokens`]: the file of hashes, followed while the process runs.
//! * [`mod@caller`]: who asks, for routes to look at.
//! * [`session`]: a browser that has signed in, and [`code`], by which a link signs it in.
//! * [`guard`]: what of that a process asks of each request; [`settings`]: how it is told.
//!
//! Deliberately absent: users and passwords, and who may see which order. Whoever holds a token may do
//! all that it is good for.

pub mod scope;

pub mod bearer;
pub mod tokens;

pub mod caller;

pub mod code;
pub mod session;

pub mod guard;
pub mod settings;

pub use bearer::{Bearer, TokenHash};
pub use caller::{Caller, caller};
pub use guard::Guard;
pub use scope::{Access, Scope, Scopes};
pub use session::Sessions;
pub use settings::HttpSettings;
pub use tokens::Tokens;

#[cfg(test)]
mod tests;
