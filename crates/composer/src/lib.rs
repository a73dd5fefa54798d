//! API composition: a question across services, answered by asking each owner over HTTP.
//!
//! It is the simplest of the three ways to join, and the freshest; and it is as available as the
//! owners are. What can be done about that is here: deadlines, bounded retries, a circuit breaker
//! for each owner, the last good answer of an owner that is away, and answers that say what is
//! missing.
//!
//! # Layout, in reading order
//!
//! * [`breaker`]: whether an owner is asked at all, as a pure state machine.
//! * [`failure`]: how asking can fail, and what that says about the owner.
//! * [`exchange`]: one request to one owner, with limits on all that it can send or hold.
//! * [`question`]: what an owner is asked, and whether it answers that.
//! * [`owner`]: an owner, asked through its breaker, again where that makes sense.
//! * [`last_good`]: what the owners said before, bounded.
//! * [`owners`]: all of them, and parts of answers; [`order_details`] and [`overview`]: the two questions.
//! * [`http`]: over REST. [`process`], with its [`settings`]: the life of it all.
//!
//! Deliberately absent: any command, any state that matters, and any knowledge of the choreography.
//! An owner's part of an answer is handed on as the owner wrote it.

pub mod breaker;
pub mod failure;

pub mod exchange;
pub mod question;

pub mod owner;

pub mod last_good;
pub mod owners;

pub mod order_details;
pub mod overview;

pub mod http;

pub mod process;
pub mod settings;
