//! Where the read model stands, as everyone in this process sees it.

use std::sync::Arc;

use contracts::{Service, Timestamp};
use runtime::reading::Progress;

use crate::keys::Generation;
use crate::positions::Positions;
use crate::sources::AllProgress;

/// What the projector is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It cannot fold, for this reason, and tries again.
    Away(String),
    /// It folds from zero, and has not yet reached what the streams held when it began.
    Rebuilding,
    /// It folds what came while it was away.
    CatchingUp,
    /// It has caught up once, and follows.
    Following,
}

/// Where the read model stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What the projector is doing.
    pub phase: Phase,
    /// The live generation, once Redis has said it.
    pub generation: Option<Generation>,
    /// How far it has folded.
    pub positions: Positions,
    /// How the reading of each stream goes.
    pub progress: AllProgress,
    /// When a batch was last written, by this process.
    pub written_at: Option<Timestamp>,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            phase: Phase::Away("starting".into()),
            generation: None,
            positions: Positions::default(),
            progress: Arc::new([]),
            written_at: None,
        }
    }
}

impl Phase {
    /// Its name in answers.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Away(_) => "away",
            Self::Rebuilding => "rebuilding",
            Self::CatchingUp => "catching_up",
            Self::Following => "following",
        }
    }
}

impl Standing {
    /// How the reading of one stream goes.
    #[must_use]
    pub fn progress_of(&self, service: Service) -> Progress {
        let found = self.progress.iter().find(|(of, _)| *of == service);
        found.map(|(_, progress)| progress.borrow().clone()).unwrap_or_default()
    }
}
