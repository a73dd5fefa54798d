//! What a relay says of rows that the stream does not take.

use super::RelayShell;
use crate::nats::wire;

impl RelayShell {
    /// Says, whenever the broker has another limit, what that means for the rows to come.
    pub(super) fn note_limits(&mut self) {
        let found = self.connection.payload_bytes_max();
        if found == self.payload_bytes_max {
            return;
        }
        self.payload_bytes_max = found;
        let reason = wire::too_small(found);
        if let Some(reason) = &reason {
            tracing::error!(reason, "commands that would write more are refused");
        }
        self.status.update(|standing| standing.limits = reason);
    }

    /// Why a row was not sent that has so many bytes.
    pub(super) fn too_large(&self, row: u64, bytes: usize) -> String {
        let takes = self.connection.payload_bytes_max();
        format!(
            "row {row} has {bytes} bytes, and the broker takes messages of at most {takes}: set \
             max_payload to 1MB in its configuration"
        )
    }

    /// Why what is answered is kept here only. A broker that refuses a row is not one that is silent.
    pub(super) fn why_alone(&self) -> String {
        match self.doubted.as_deref().filter(|_| self.connection.is_connected()) {
            Some(doubted) => {
                format!("{doubted}; until the stream takes it, what is answered is kept here only")
            }
            None => "the broker does not answer; what is answered is kept here only".to_owned(),
        }
    }
}
