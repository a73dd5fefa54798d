//! The generations beside each other: which there are, and the steps from one to the next.

use protocol::Timestamp;

use super::{Store, StoreError, scripts};
use crate::keys::{self, Generation};
use crate::positions::Positions;

/// A generation as Redis has it.
#[derive(Clone, Debug)]
pub struct ProjectorStatus {
    pub generation: Generation,
    /// How far it has folded; nothing if its position is gone.
    pub positions: Option<Positions>,
    /// Whether it was built to its end.
    pub built: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Generations {
    /// The one that is read.
    pub live: Option<ProjectorStatus>,
    /// The one that is built beside it.
    pub next: Option<ProjectorStatus>,
    /// The one that was read before.
    pub previous: Option<ProjectorStatus>,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Done,
    /// The pointers do not say what was expected. Nothing was done.
    Moved,
    /// The other generation is not built to its end. Nothing was done.
    Unbuilt,
    /// The other generation has folded less than the live one. Nothing was done.
    Behind,
}

impl Store {
    /// Which generations there are.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn generations(&mut self) -> Result<Generations, StoreError> {
        let pointers = [keys::POINTER, keys::NEXT, keys::PREVIOUS].map(str::to_owned);
        let named: Vec<Option<String>> = self.mget(&pointers).await?;
        let mut all = Vec::with_capacity(named.len());
        for name in named {
            let generation = name.and_then(|name| name.parse::<Generation>().ok());
            all.push(match generation {
                Some(generation) => Some(self.standing_of(generation).await?),
                None => None,
            });
        }
        let mut all = all.into_iter();
        let mut one = || all.next().flatten();
        Ok(Generations { live: one(), next: one(), previous: one() })
    }

    async fn standing_of(&mut self, generation: Generation) -> Result<ProjectorStatus, StoreError> {
        let keys = [generation.position_key(), generation.built_key()];
        let (text, built): (Option<String>, Option<String>) = self.mget(&keys).await?;
        let positions = text.and_then(|text| Positions::parse(&text).ok());
        Ok(ProjectorStatus { generation, positions, built: built.is_some() })
    }

    /// Begins a generation beside the live one; nothing if one is there already.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn begin_next(
        &mut self,
        live: Option<&Generation>,
        now: Timestamp,
    ) -> Result<Option<Generation>, StoreError> {
        let generation = Generation::after(live, now);
        let position = generation.position_key();
        let mut call = scripts::BEGIN.prepare_invoke();
        call.key(keys::NEXT).key(&position).key(&position);
        call.arg("").arg(generation.to_string()).arg(Positions::default().to_text()?);
        let answer: String = call.invoke_async(&mut self.connection).await?;
        Ok((answer == "begun").then_some(generation))
    }

    /// Makes the next generation the live one, unless that would take readers back.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn activate(
        &mut self,
        live: Option<&Generation>,
        next: &Generation,
    ) -> Result<Step, StoreError> {
        self.switch(live, next, keys::NEXT, "level").await
    }

    /// Makes the previous generation the live one again. It goes on from where it was left.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn roll_back(
        &mut self,
        live: Option<&Generation>,
        previous: &Generation,
    ) -> Result<Step, StoreError> {
        self.switch(live, previous, keys::PREVIOUS, "as it is").await
    }

    async fn switch(
        &mut self,
        live: Option<&Generation>,
        other: &Generation,
        pointer: &str,
        level: &str,
    ) -> Result<Step, StoreError> {
        let mut call = scripts::ACTIVATE.prepare_invoke();
        call.key(keys::POINTER).key(pointer).key(keys::PREVIOUS);
        call.key(live.unwrap_or(other).position_key());
        call.key(other.position_key()).key(other.built_key());
        let live = live.map(ToString::to_string).unwrap_or_default();
        call.arg(live).arg(other.to_string()).arg(level);
        let answer: String = call.invoke_async(&mut self.connection).await?;
        match answer.as_str() {
            "active" => Ok(Step::Done),
            "moved" => Ok(Step::Moved),
            "unbuilt" => Ok(Step::Unbuilt),
            "behind" => Ok(Step::Behind),
            _ => Err(StoreError::Answer(answer)),
        }
    }

    /// Takes away the next or the previous generation, with all that it holds.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn drop_generation(
        &mut self,
        pointer: &str,
        generation: &Generation,
    ) -> Result<Step, StoreError> {
        let mut call = scripts::DROP.prepare_invoke();
        call.key(pointer).arg(generation.to_string());
        let answer: String = call.invoke_async(&mut self.connection).await?;
        if answer != "dropped" {
            return Ok(Step::Moved);
        }
        self.clone().remove_generation(generation).await?;
        Ok(Step::Done)
    }
}
