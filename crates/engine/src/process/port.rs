//! What a routine can ask of the broker and the database, each with its kind of answer.

use protocol::{Position, Row, Service};

use super::routine::{AskError, Port};
use super::seam::{
    BrokerAnswer, BrokerRequest, DatabaseAnswer, DatabaseRequest, Notes, StreamInfo,
};
use crate::relay::Reply;
use crate::starting::{Claim, Fence};

impl Port {
    /// What there is to see of a stream; none if there is none.
    pub(super) async fn find(&self, stream: Service) -> Result<Option<StreamInfo>, AskError> {
        let answer = self.broker(BrokerRequest::Find(stream)).await?;
        let BrokerAnswer::Stream(info) = answer else { return Err(unexpected(&answer)) };
        Ok(info)
    }

    /// The last readable message of a stream.
    pub(super) async fn tail(&self, stream: Service) -> Result<Option<Row>, AskError> {
        let answer = self.broker(BrokerRequest::Tail(stream)).await?;
        let BrokerAnswer::Message(row) = answer else { return Err(unexpected(&answer)) };
        Ok(row)
    }

    /// One message of the own stream.
    pub(super) async fn message(&self, sequence: u64) -> Result<Option<Row>, AskError> {
        let answer = self.broker(BrokerRequest::Message(sequence)).await?;
        let BrokerAnswer::Message(row) = answer else { return Err(unexpected(&answer)) };
        Ok(row)
    }

    /// What of the own stream can be read from that number on.
    pub(super) async fn scan(&self, from: u64) -> Result<Vec<Row>, AskError> {
        let answer = self.broker(BrokerRequest::Scan(from)).await?;
        let BrokerAnswer::Messages(rows) = answer else { return Err(unexpected(&answer)) };
        Ok(rows)
    }

    /// A change of the own stream.
    pub(super) async fn change(&self, request: BrokerRequest) -> Result<(), AskError> {
        self.broker(request).await.map(|_| ())
    }

    /// What came of one row, published by itself.
    pub(super) async fn publish(&self, row: Row) -> Result<Reply, AskError> {
        let answer = self.broker(BrokerRequest::Publish(row)).await?;
        let BrokerAnswer::Published(reply) = answer else { return Err(unexpected(&answer)) };
        Ok(reply)
    }

    /// The last claim to the own stream before that number, with its number; none if there is none.
    pub(super) async fn claim(
        &self,
        before: Option<u64>,
    ) -> Result<Option<(u64, Option<Claim>)>, AskError> {
        let answer = self.broker(BrokerRequest::Claim(before)).await?;
        let BrokerAnswer::Claim(claim) = answer else { return Err(unexpected(&answer)) };
        Ok(claim)
    }

    pub(super) async fn notes(&self) -> Result<Notes, AskError> {
        let answer = self.database(DatabaseRequest::Notes).await?;
        let DatabaseAnswer::Notes(notes) = answer else { return Err(unexpected(&answer)) };
        Ok(notes)
    }

    /// Rows of the outbox, in order.
    pub(super) async fn rows(&self, from: u64, limit: u32) -> Result<Vec<Row>, AskError> {
        let answer = self.database(DatabaseRequest::Rows { from, limit }).await?;
        let DatabaseAnswer::Rows(rows) = answer else { return Err(unexpected(&answer)) };
        Ok(rows)
    }

    /// One row of the outbox.
    pub(super) async fn row(&self, sequence: u64) -> Result<Option<Row>, AskError> {
        let mut rows = self.rows(sequence, 1).await?;
        Ok(rows.pop().filter(|row| row.sequence == sequence))
    }

    /// The outbox's end, or what is wrong with it.
    pub(super) async fn verify(&self) -> Result<Result<Position, String>, AskError> {
        let answer = self.database(DatabaseRequest::Verify).await?;
        let DatabaseAnswer::Verified(verified) = answer else { return Err(unexpected(&answer)) };
        Ok(verified)
    }

    /// Whether the rows could be taken over, or why not.
    pub(super) async fn restore(&self, rows: Vec<Row>) -> Result<Result<(), Fence>, AskError> {
        self.restored(DatabaseRequest::Restore(rows)).await
    }

    /// Whether the row that concludes a restoring could be taken over, or why not.
    pub(super) async fn conclude_restoring(&self, row: Row) -> Result<Result<(), Fence>, AskError> {
        self.restored(DatabaseRequest::ConcludeRestoring(row)).await
    }

    async fn restored(&self, request: DatabaseRequest) -> Result<Result<(), Fence>, AskError> {
        let answer = self.database(request).await?;
        let DatabaseAnswer::Restored(restored) = answer else { return Err(unexpected(&answer)) };
        Ok(restored)
    }

    /// Whether a copy of the database could be written, or why not.
    pub(super) async fn copy(&self) -> Result<Result<(), String>, AskError> {
        let answer = self.database(DatabaseRequest::Copy(self.now().wall)).await?;
        let DatabaseAnswer::Copied(copied) = answer else { return Err(unexpected(&answer)) };
        Ok(copied)
    }

    /// A change of the database.
    pub(super) async fn note(&self, request: DatabaseRequest) -> Result<(), AskError> {
        self.database(request).await.map(|_| ())
    }
}

fn unexpected(answer: &dyn std::fmt::Debug) -> AskError {
    AskError::Broker(format!("this is no answer to what was asked: {answer:?}"))
}
