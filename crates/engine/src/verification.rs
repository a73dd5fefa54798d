//! What a running service makes of its stream, after each doubtful answer and every few seconds.
//!
//! The stream is read first and the own end after: a row that is published in between is then no
//! contradiction.

use protocol::{Chain, Position, Row, Timestamp};

use crate::reading::Extent;
use crate::seeded::{self, Bug};

/// What was read of the own stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamObservation {
    /// When it was created.
    pub created: Timestamp,
    /// Its extent.
    pub extent: Extent,
    /// Its last readable message, if any is: its number and the chain that it carries.
    pub tail: Option<Position>,
    /// Where its configuration is not as its owner wants it, if it is not.
    pub difference: Option<String>,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The stream holds the outbox up to here; rows after it are published, again if need be.
    EndsAt(u64),
    /// The process must end with this reason; the start heals or fences.
    End(String),
    /// The same, over a message that the stream's counters include: the start has to be told which.
    Corrupt {
        /// The message's number.
        message: u64,
        /// What is wrong with it.
        reason: String,
    },
}

/// Judges what was seen. `created` is when the stream was created that the start left to the relay;
/// `outbox_end` is read after the stream; `own_at_tail` is the chain of the own row with the tail's
/// number, if there is one.
///
/// A stream that begins anew looks like one that has lost its tail. But a running service never
/// creates its stream: somebody else has, and that may be this service's replacement, which is about
/// to publish another history into it.
#[must_use]
pub fn judge(
    seen: Option<&StreamObservation>,
    created: Timestamp,
    outbox_end: u64,
    own_at_tail: Option<Chain>,
) -> Verdict {
    let end = |reason: String| Verdict::End(reason);
    let Some(StreamObservation { created: found, extent, tail, difference }) = seen else {
        return end("the stream is gone".to_owned());
    };
    if *found != created {
        return end(format!("the stream of {created} is gone: another was created at {found}"));
    }
    if !extent.is_whole() {
        return end(format!(
            "the stream has lost messages: first {}, last {}, {} messages",
            extent.first, extent.last, extent.messages
        ));
    }
    // What it would take and keep from now on is not what was agreed: the start sets it right.
    if let Some(difference) = difference {
        return end(format!("the stream's configuration was edited: {difference}"));
    }
    let Some(tail) = tail else {
        return match extent.messages {
            0 => Verdict::EndsAt(0),
            messages => end(format!("none of the stream's {messages} messages can be read")),
        };
    };
    if tail.sequence > outbox_end {
        return end(format!(
            "the stream ends at {}, the outbox at {outbox_end}: somebody else writes",
            tail.sequence
        ));
    }
    if own_at_tail != Some(tail.chain) && !seeded::on(Bug::SkipForkCheck) {
        return end(format!("message {} is not row {0}: two histories", tail.sequence));
    }
    Verdict::EndsAt(tail.sequence)
}

/// Judges one message that a reader complains of, within a stream that ends at `last`. `message` is
/// what the stream answers when it is asked for that number, `own` is the row that it has to be.
#[must_use]
pub fn judge_message(number: u64, last: u64, message: Option<&Row>, own: Option<&Row>) -> Verdict {
    // What was not published yet, or fell off the end, is published anyway.
    if number == 0 || number > last || (message.is_some() && message == own) {
        return Verdict::EndsAt(last);
    }
    let what = if message.is_some() { "is not the row of that number" } else { "cannot be read" };
    Verdict::Corrupt { message: number, reason: format!("message {number} {what}") }
}

/// The first of the doubtful numbers at which the stream holds another row than the outbox: then
/// somebody else writes, and the process must end. The chain at the tail alone does not show it. A
/// writer that was replaced has had row N refused and may have had row N + 1 stored all the same, since
/// the broker compares numbers and not chains.
#[must_use]
pub fn first_of_another(
    doubtful: impl IntoIterator<Item = (u64, Option<Chain>, Option<Chain>)>,
) -> Option<u64> {
    if seeded::on(Bug::SkipForkCheck) {
        return None;
    }
    let differs = |(_, stream, own): &(u64, Option<Chain>, Option<Chain>)| stream != own;
    doubtful.into_iter().find(differs).map(|(number, ..)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: Timestamp = Timestamp::from_micros(1);

    fn seen(first: u64, last: u64, messages: u64) -> StreamObservation {
        let tail = (messages > 0).then_some(Position { sequence: last, chain: Chain::START });
        StreamObservation {
            created: CREATED,
            extent: Extent { first, last, messages },
            tail,
            difference: None,
        }
    }

    #[test]
    fn a_shorter_stream_is_published_again() {
        let verdict = judge(Some(&seen(1, 7, 7)), CREATED, 9, Some(Chain::START));
        assert_eq!(verdict, Verdict::EndsAt(7));
        assert_eq!(judge(Some(&seen(0, 0, 0)), CREATED, 9, None), Verdict::EndsAt(0));
    }

    #[test]
    fn a_longer_a_different_a_holed_and_a_missing_stream_end_the_process() {
        let other = Chain::START.next("s", "h", b"p");
        let ends = |verdict| matches!(verdict, Verdict::End(_));
        assert!(ends(judge(Some(&seen(1, 7, 7)), CREATED, 6, None)));
        assert!(ends(judge(Some(&seen(1, 7, 7)), CREATED, 7, Some(other))));
        assert!(ends(judge(Some(&seen(1, 7, 6)), CREATED, 7, Some(Chain::START))));
        assert!(ends(judge(None, CREATED, 7, None)));
    }

    #[test]
    fn another_stream_of_its_name_ends_the_process_whatever_it_holds() {
        let later = Timestamp::from_micros(2);
        for stream in [seen(0, 0, 0), seen(1, 7, 7)] {
            let verdict = judge(Some(&stream), later, 7, Some(Chain::START));
            assert!(matches!(verdict, Verdict::End(_)), "{stream:?}");
        }
    }

    #[test]
    fn a_stream_of_which_nothing_can_be_read_ends_the_process() {
        let unreadable = StreamObservation { tail: None, ..seen(1, 7, 7) };
        assert!(matches!(judge(Some(&unreadable), CREATED, 7, None), Verdict::End(_)));
    }

    #[test]
    fn a_message_that_a_reader_complains_of_is_corrupt_unless_it_is_the_row() {
        let row = |payload: &[u8]| Row {
            sequence: 3,
            subject: "order.placed.o".to_owned(),
            headers: String::new(),
            payload: payload.into(),
            chain: Chain::START,
        };
        let (own, other) = (row(b"{}"), row(b"{ }"));
        let corrupt = |verdict| matches!(verdict, Verdict::Corrupt { message: 3, .. });
        assert!(corrupt(judge_message(3, 7, None, Some(&own))));
        assert!(corrupt(judge_message(3, 7, Some(&other), Some(&own))));
        assert_eq!(judge_message(3, 7, Some(&own), Some(&own)), Verdict::EndsAt(7));
        assert_eq!(judge_message(3, 2, None, Some(&own)), Verdict::EndsAt(2));
    }

    #[test]
    fn a_row_that_was_stored_behind_the_row_of_another_writer_proves_nothing() {
        let own = |number: u8| Chain::from_bytes(&[number; 16]);
        let slipped_in = [(2, own(99), own(2)), (3, own(3), own(3))];
        assert_eq!(first_of_another(slipped_in), Some(2));
        assert_eq!(first_of_another([(2, own(2), own(2)), (3, own(3), own(3))]), None);
        assert_eq!(first_of_another([(2, None, own(2))]), Some(2));
    }

    /// `messages == last − first + 1` holds for each of these.
    #[test]
    fn a_purged_stream_is_holed_however_its_counters_add_up() {
        let ends = |verdict| matches!(verdict, Verdict::End(_));
        assert!(ends(judge(Some(&seen(5, 7, 3)), CREATED, 7, Some(Chain::START))));
        assert!(ends(judge(Some(&seen(8, 7, 0)), CREATED, 7, None)));
        assert!(ends(judge(Some(&seen(1001, 1000, 0)), CREATED, 7, None)));
    }
}
