use super::*;

fn stored(sequence: u64) -> Reply {
    Reply::Stored { sequence, duplicate: false }
}

fn relay(stream_ends_at: u64, sent_up_to: u64) -> Relay {
    let mut relay = Relay::new();
    relay.resume(stream_ends_at);
    for row in stream_ends_at + 1..=sent_up_to {
        relay.sent(row);
    }
    relay
}

#[test]
fn rows_are_sent_in_order_within_the_window() {
    let mut relay = relay(0, 0);
    assert_eq!(relay.to_send(3), Some(1..=3));
    assert_eq!(relay.to_send(10_000), Some(1..=WINDOW_ROWS));
    for row in 1..=WINDOW_ROWS {
        relay.sent(row);
    }
    assert_eq!(relay.to_send(10_000), None);
    assert_eq!(relay.on_reply(1, &stored(1)), AckOutcome::Acknowledged(1));
    assert_eq!(relay.to_send(10_000), Some(WINDOW_ROWS + 1..=WINDOW_ROWS + 1));
}

#[test]
fn nothing_is_sent_before_the_stream_was_read_back() {
    let mut relay = Relay::new();
    assert_eq!(relay.to_send(3), None);
    relay.resume(1);
    assert_eq!(relay.to_send(3), Some(2..=3));
}

/// Neither "wrong last sequence" nor a duplicate nor another number proves that a row is stored.
#[test]
fn every_reply_but_the_rows_own_number_is_a_doubt() {
    let doubtful = [
        Reply::Refused("wrong last sequence: 7".into()),
        Reply::Stored { sequence: 7, duplicate: true },
        stored(8),
        Reply::Lost("timed out".into()),
    ];
    for reply in doubtful {
        let mut relay = relay(6, 9);
        assert!(matches!(relay.on_reply(7, &reply), AckOutcome::Doubt(_)), "{reply:?}");
        assert_eq!(relay.acknowledged(), 6);
        assert_eq!(relay.to_send(20), None);
    }
}

#[test]
fn what_was_under_way_in_a_doubt_is_forgotten() {
    let mut relay = relay(0, 3);
    relay.doubt("the broker is away".into());
    assert_eq!(relay.on_reply(1, &stored(1)), AckOutcome::Forgotten);
    relay.resume(2);
    assert_eq!(relay.on_reply(1, &stored(1)), AckOutcome::Forgotten);
    assert_eq!(relay.on_reply(3, &stored(3)), AckOutcome::Forgotten);
    assert_eq!(relay.to_send(3), Some(3..=3));
}

#[test]
fn a_stream_that_lost_its_tail_is_published_again_from_there() {
    let mut relay = relay(9, 9);
    relay.doubt("the tail is gone".into());
    relay.resume(4);
    assert_eq!((relay.acknowledged(), relay.to_send(9)), (4, Some(5..=9)));
}
