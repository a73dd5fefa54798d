//! How fresh an answer is: of which prefix of each stream it is the fold, and how far that is behind.
//!
//! It moves with every batch of events, so it is never a part of what is remembered of an answer.

use std::collections::BTreeMap;

use protocol::{Service, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::positions::Positions;
use crate::projector_status::{Phase, ProjectorStatus, Rebuild};

/// How fresh an answer is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Freshness {
    /// What the read model is doing.
    #[schemars(extend("enum" = Phase::NAMES))]
    pub state: &'static str,
    /// Why the projector is away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Rows that the streams are known to hold and that are not folded.
    pub behind: u64,
    /// Milliseconds by which this is behind at most: the age of the last folded row of the stream
    /// that is behind the longest, or 0 if none is. Not known if nothing of such a stream is folded.
    pub behind_ms: Option<i64>,
    /// How far the building is, while the read model is built from zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebuild: Option<Rebuild>,
    /// Each stream that the answer is made from.
    pub streams: BTreeMap<String, StreamFreshness>,
}

/// How fresh an answer is in respect of one stream.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StreamFreshness {
    /// The last row that is folded.
    pub folded: u64,
    /// The last row of the stream, as far as is known.
    pub last: Option<u64>,
    /// When the last folded row was decided.
    pub as_of: Option<Timestamp>,
    /// Whether the broker delivers this stream.
    pub connected: bool,
    /// Why the stream's reading stands still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<String>,
}

impl Freshness {
    /// Of an answer that is the fold up to `positions`.
    #[must_use]
    pub fn of(positions: &Positions, standing: &ProjectorStatus) -> Self {
        let streams: BTreeMap<_, _> = positions
            .iter()
            .map(|(service, _)| {
                (service.stream().to_owned(), StreamFreshness::of(service, positions, standing))
            })
            .collect();
        let reason = match &standing.phase {
            Phase::Away(reason) => Some(reason.clone()),
            Phase::StaleVersion | Phase::Rebuilding | Phase::CatchingUp | Phase::Following => None,
        };
        let behind = streams.values().map(StreamFreshness::behind).sum();
        let now = (standing.clock)();
        let behind_ms =
            streams.values().try_fold(0, |most: i64, own| Some(most.max(own.behind_ms(now)?)));
        let (state, rebuild) = (standing.phase.name(), standing.rebuild());
        Self { state, reason, behind, behind_ms, rebuild, streams }
    }

    /// Of no answer, since there is no read model.
    #[must_use]
    pub fn of_nothing(standing: &ProjectorStatus) -> Self {
        let rebuilding = Phase::Rebuilding.name();
        let freshness = Self::of(&Positions::default(), standing);
        match standing.phase {
            Phase::Away(_) | Phase::StaleVersion | Phase::Rebuilding => freshness,
            Phase::CatchingUp | Phase::Following => Self { state: rebuilding, ..freshness },
        }
    }

    /// What has been folded, as a consistency token: a read that hands it on sees at least as much.
    #[must_use]
    pub fn token(&self) -> String {
        let streams: Vec<_> =
            self.streams.iter().map(|(name, stream)| format!("{name}={}", stream.folded)).collect();
        streams.join(",")
    }

    /// Whether what is not found here may yet be found once more is folded.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.state != Phase::Following.name()
    }
}

impl StreamFreshness {
    fn of(service: Service, positions: &Positions, standing: &ProjectorStatus) -> Self {
        let progress = standing.progress_of(service);
        let folded = positions.of(service).sequence;
        let looked_at = progress.connected || progress.last_in_stream > 0;
        Self {
            folded,
            // Rows can be folded by now that have come since the reading last said how it goes.
            last: looked_at.then_some(progress.last_in_stream.max(folded)),
            as_of: positions.time_of(service),
            connected: progress.connected,
            alarm: progress.alarm,
        }
    }

    fn behind_ms(&self, now: Timestamp) -> Option<i64> {
        if self.behind() == 0 { Some(0) } else { Some(now.millis_since(self.as_of?).max(0)) }
    }

    fn behind(&self) -> u64 {
        self.last.unwrap_or(0).saturating_sub(self.folded)
    }
}
