//! What the query service hands out of a generation: some of it, all at one moment.

use std::collections::BTreeMap;

use contracts::{StoredEvent, service};
use protocol::{Chain, HistoryId, Row, Service, Timestamp};
use serde::Deserialize;

/// Some of what a generation holds, and how far it had folded the streams at that moment.
#[derive(Clone, Debug, Deserialize)]
pub struct Page {
    /// Which generation.
    pub generation: String,
    /// How far it had folded each stream.
    pub positions: Vec<Standing>,
    /// Records: their names and their texts.
    pub records: BTreeMap<String, String>,
    /// Entries of indexes and hashes: whose, which, and the score or the contents.
    pub entries: Vec<(String, String, String)>,
    /// Indexes that are too large for a page of records. They have pages of their own.
    pub large: Vec<String>,
    /// What to ask for the next page with; nothing after the last.
    pub next: Option<String>,
}

/// How far a generation has folded one stream.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The stream.
    pub stream: String,
    /// The last row that is folded.
    pub sequence: u64,
    #[serde(with = "protocol::as_text")]
    chain: Chain,
    #[serde(deserialize_with = "history")]
    history: Option<HistoryId>,
    time: Option<Timestamp>,
}

impl Page {
    /// The version of its records; none if the generation has no name of the usual kind.
    pub fn version(&self) -> Option<u32> {
        self.generation.strip_prefix('v')?.split_once('-')?.0.parse().ok()
    }

    /// How far each stream was folded.
    pub fn cut(&self) -> BTreeMap<Service, u64> {
        let service = |stream: &str| service::ALL.into_iter().find(|of| of.stream() == stream);
        let standings = self.positions.iter();
        standings.filter_map(|one| Some((service(&one.stream)?, one.sequence))).collect()
    }
}

impl Standing {
    pub(super) fn of(service: Service) -> Self {
        let stream = service.stream().to_owned();
        Self { stream, sequence: 0, chain: Chain::START, history: None, time: None }
    }

    pub(super) fn advance(&mut self, row: &Row, event: Option<&StoredEvent>) {
        (self.sequence, self.chain) = (row.sequence, row.chain);
        if let Some(event) = event {
            self.history = Some(event.headers.history);
            self.time = Some(event.headers.time);
        }
    }
}

fn history<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<HistoryId>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}
