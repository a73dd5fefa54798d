//! Starts and looks after the processes of one Murmuration, and the way in for whoever wants
//! something done to them.
//!
//! One process supervises: it owns the data folder, restarts what dies and answers at a socket. All
//! others are its clients. Deliberately absent: what the services are for.

#![allow(missing_docs, reason = "names that say it are not repeated")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "each fold and each table is about a few kinds out of all"
)]

pub mod protocol;
pub mod supervisor_client;

pub mod readiness;
pub mod redundancy;
pub mod service_status;
pub mod store_contents;

pub mod page;
pub mod up;

mod event_loop;
mod lifecycle;
mod members;

mod child;
mod command_line;
mod probe;

pub mod broker_accounts;
mod passwords;
pub mod plan;
mod port_reservation;
pub mod ports;
mod private_file;
mod programs;
pub mod redis_users;
pub mod store_address;
pub mod tls_files;
mod tokens;

pub mod data_folder;
pub mod leftovers;

mod background;
mod control_socket;
mod inherited_descriptors;
mod process_list;
mod progress_view;
