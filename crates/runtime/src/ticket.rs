//! Who waits for the answer to a command: what a process hands back with it.

use engine::Answer;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::command_result::Promise;

/// Who waits, and the permit that the command holds until it is answered. Dropped, the outcome is
/// unknown.
#[derive(Debug)]
pub(crate) struct Ticket<R, E> {
    sender: oneshot::Sender<Response<R, E>>,
    permit: OwnedSemaphorePermit,
}

/// What is answered.
#[derive(Debug)]
pub(crate) enum Response<R, E> {
    /// What became of the command, and what that promises.
    Answered(Answer<R, E>, Promise),
    /// The command was not taken.
    TurnedAway,
}

impl<R, E> Ticket<R, E> {
    /// A ticket, and where the answer comes.
    pub(crate) fn new(permit: OwnedSemaphorePermit) -> (Self, oneshot::Receiver<Response<R, E>>) {
        let (sender, response) = oneshot::channel();
        (Self { sender, permit }, response)
    }

    pub(crate) fn respond(self, response: Response<R, E>) {
        drop(self.permit);
        // A client that is gone waits no more; what it asked for has happened all the same.
        if self.sender.send(response).is_err() {}
    }
}
