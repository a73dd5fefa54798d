//! Publishing the own stream anew without what somebody else has written into it.
//!
//! It deletes the stream, as a rebuild does, and by the same means: a proof, a copy of the database and a
//! claim come first. Before that, a row of the outbox names the foreign ones, for the readers that have
//! folded them: it is published with all others.

use std::sync::Arc;

use protocol::{ForeignRows, Position, Row};

use super::rebuild::OwnRows;
use super::{Pass, StartError};
use crate::batch::{Fatal, Known};
use crate::process::routine::AskError;
use crate::process::seam::{BrokerRequest, StreamInfo};
use crate::starting::{self, Observation, RemovalProof, may_remove};

/// What a stream holds from its first foreign message on.
struct Behind {
    /// Those that follow, and that a reader can have folded.
    foreign: ForeignRows,
    /// A message that the owner has marked, and that its outbox does not hold.
    lost: Option<u64>,
}

/// Messages of the own stream, read as they are asked for, in order.
#[derive(Default)]
struct Messages {
    rows: Vec<Row>,
    /// The last number that was asked for.
    up_to: u64,
}

impl Pass {
    /// Takes what stands in the stream from that message on out of it, if that loses nothing of the own.
    pub(super) async fn remove_foreign(
        &mut self,
        allowed: Position,
        seen: &Observation,
    ) -> Result<(), StartError> {
        let Some(info) = self.port.find(self.service).await? else { return Ok(()) };
        let tail = self.port.tail(self.service).await?.map_or(0, |row| row.sequence);
        let Behind { foreign, lost } = self.behind(allowed.sequence, tail).await?;
        let known = self.port.notes().await?.known;
        let with_all = with(&known, foreign);
        let named = with_all.foreign.iter().map(|rows| rows.chains.len()).sum();
        let proof = self.removal_proof(allowed, seen, (&info, tail), (lost, named)).await?;
        may_remove(&proof).map_err(StartError::Fence)?;
        self.claim(allowed.sequence - 1).await?;
        self.name_foreign(&known, &with_all).await?;
        if self.port.tail(self.service).await?.map_or(0, |row| row.sequence) != tail {
            return Err(StartError::Broker(
                "somebody else still writes into the stream".to_owned(),
            ));
        }
        // Without an answer it may be deleted or not: what is there is looked at anew.
        self.port.change(BrokerRequest::Delete).await?;
        self.tried.rebuilt = true;
        self.port.change(BrokerRequest::Create).await?;
        Ok(())
    }

    async fn removal_proof(
        &mut self,
        allowed: Position,
        seen: &Observation,
        (info, tail): (&StreamInfo, u64),
        (lost, named): (Option<u64>, usize),
    ) -> Result<RemovalProof, StartError> {
        let unequal = self.first_unequal(info.extent.first.max(1), tail).await?;
        let has_rows = seen.head.sequence > 0;
        Ok(RemovalProof {
            allowed,
            unequal: unequal.map(|message| message.position()),
            names_history: seen.history.is_some(),
            is_marked: !has_rows || self.settings.keys.has_marked(seen.head),
            outbox: self.port.verify().await?,
            lost,
            objection: starting::missing_beyond(seen, allowed.sequence - 1),
            named,
            copied: self.copy().await?,
            rebuilt: self.tried.rebuilt,
        })
    }

    /// What stands in the stream from that number on. What a consumer leaves out is asked for by its number:
    /// nothing that can be read at all is deleted unseen.
    async fn behind(&self, first: u64, tail: u64) -> Result<Behind, AskError> {
        let before = self.port.row(first - 1).await?.map(|row| row.position());
        let Position { sequence: after, chain } = before.unwrap_or_default();
        let mut foreign = ForeignRows { after, chain, chains: Vec::new() };
        let (mut own, mut messages) = (OwnRows::default(), Messages::default());
        let mut follows = true;
        for number in first..=tail {
            let Some(message) = self.message_of(&mut messages, number).await? else { continue };
            let row = self.own(&mut own, number).await?;
            if row == Some(&message) {
                continue;
            }
            let is_known = row.is_some_and(|row| row.chain == message.chain);
            if !is_known && self.settings.keys.has_marked(message.position()) {
                return Ok(Behind { foreign, lost: Some(number) });
            }
            follows = follows && foreign.take(&message);
        }
        Ok(Behind { foreign, lost: None })
    }

    async fn message_of(
        &self,
        messages: &mut Messages,
        number: u64,
    ) -> Result<Option<Row>, AskError> {
        if number > messages.up_to {
            messages.rows = self.port.scan(number).await?;
            messages.up_to = messages.rows.last().map_or(number, |row| row.sequence);
        }
        let nth = messages.rows.binary_search_by_key(&number, |row| row.sequence);
        match nth.ok().map(|nth| messages.rows[nth].clone()) {
            Some(message) => Ok(Some(message)),
            None => self.port.message(number).await,
        }
    }

    /// Says in the outbox which rows were foreign, unless it is said there already.
    async fn name_foreign(&self, known: &Known, with_all: &Known) -> Result<(), StartError> {
        if known.foreign == with_all.foreign {
            return Ok(());
        }
        let (now, keys) = (self.port.now().wall, &self.settings.keys);
        let row = with_all.recovered_row(self.service, 0, now, keys);
        let row = row.map_err(|error| StartError::Fatal(Fatal::State(error)))?;
        self.port.conclude_restoring(row).await?.map_err(StartError::Fence)
    }
}

/// What is known, and these rows beside the foreign ones that are known already.
fn with(known: &Known, foreign: ForeignRows) -> Known {
    let mut known = known.clone();
    if !foreign.chains.is_empty() && !known.foreign.contains(&foreign) {
        Arc::make_mut(&mut known.foreign).push(foreign);
    }
    known
}
