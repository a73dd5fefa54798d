//! The documents that follow from the contract: nothing in them is written by hand.
//!
//! # Layout
//!
//! * [`asyncapi`]: the channels, operations and messages, by AsyncAPI 3.0; [`schemas`]: the payloads.
//! * [`saga`]: the states of each service as a diagram, in Mermaid and SVG.
//! * [`catalogue`]: a page for each event; [`examples`]: what one looks like.
//! * `readers`: who reacts to an event, and who reads it and does nothing.
//! * [`accounts`]: what each account of the broker may publish and subscribe to.
//! * [`changes`]: what changed from one contract to another, and whom that breaks.
//!
//! The same contract makes the same bytes, so that a document in the tree can be compared with it.
//!
//! Deliberately absent: any I/O. Who writes, compares or serves a document is somebody else.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "each example and each table is about a few kinds out of all"
)]

/// Adds a line to a text.
macro_rules! push_line {
    ($text:expr, $($arg:tt)*) => {
        $text.push_str(&(format!($($arg)*) + "\n"))
    };
}

pub mod examples;
pub mod schemas;

mod readers;

pub mod asyncapi;

pub mod saga;

pub mod catalogue;

pub mod accounts;

pub mod changes;

mod json;

use protocol::choreography::Choreography;

/// One document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Where it stands, below the folder of all of them, with `/` between the parts.
    pub path: String,
    /// What it holds.
    pub text: String,
}

impl Document {
    fn new(path: impl Into<String>, text: String) -> Self {
        Self { path: path.into(), text }
    }

    /// Its media type. A browser shows Markdown as the text that it is, and not at all as Markdown.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        match self.path.rsplit('.').next() {
            Some("json") => "application/json",
            Some("svg") => "image/svg+xml",
            Some(_) | None => "text/plain; charset=utf-8",
        }
    }
}

/// Every document, by path.
#[must_use]
pub fn documents(choreography: &Choreography) -> Vec<Document> {
    let mut documents = vec![
        Document::new("asyncapi.json", json::text(&asyncapi::document(choreography))),
        Document::new("saga.md", saga::mermaid::page(choreography)),
        Document::new("saga.svg", saga::svg::drawing(choreography)),
        Document::new("accounts.md", accounts::page::page(choreography)),
        Document::new("accounts.conf", accounts::conf::file(choreography)),
    ];
    documents.extend(schemas::documents(choreography));
    documents.extend(catalogue::documents(choreography));
    documents.sort_by(|one, other| one.path.cmp(&other.path));
    documents
}

#[cfg(test)]
mod tests {
    use contracts::choreography::MURMURATION;

    use super::*;

    #[test]
    fn each_document_has_a_path_of_its_own_and_ends_as_a_file_ends() {
        let documents = documents(&MURMURATION);
        assert!(documents.is_sorted_by(|one, other| one.path < other.path));
        for document in documents {
            let Document { path, text } = &document;
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path}");
            assert!(!text.lines().any(|line| line.ends_with(' ')), "{path}");
        }
    }
}
