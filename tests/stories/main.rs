//! Whole systems, each started for one story.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

mod accessibility;
mod api;
mod auditing;
mod broker_accounts;
mod broker_limits;
mod chaos;
mod command_output;
mod composer;
mod drill;
mod foreign_rows;
mod http;
mod input;
mod interrupting;
mod losses;
mod loyalty;
mod operating;
mod orders;
mod other_users;
mod page;
mod page_actions;
mod page_figures;
mod page_health;
mod page_newcomer;
mod page_operation;
mod page_orders;
mod page_parked;
mod page_travel;
mod page_waiting;
mod rebuilding;
mod redis_users;
mod replay;
mod shared_database;
mod time_travel;
mod tls;
mod tokens;
mod verifying;
mod versions;
mod waiting;
