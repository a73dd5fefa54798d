use protocol::Chain;

use super::*;

fn rows(count: u64) -> Vec<Row> {
    let mut chain = Chain::START;
    let row = |sequence| {
        let headers = format!("ce-id:{sequence}\n");
        chain = chain.next("order.placed.o", &headers, b"{}");
        let payload = b"{}".as_slice().into();
        Row { sequence, subject: "order.placed.o".into(), headers, payload, chain }
    };
    (1..=count).map(row).collect()
}

fn whole(last: u64) -> Extent {
    Extent { first: u64::from(last > 0), last, messages: last }
}

#[test]
fn a_fresh_reader_takes_every_row_from_the_first() {
    let mut cursor = Cursor::new(Position::default());
    assert_eq!(cursor.begin(&whole(3)), Beginning::At(1));
    for row in rows(3) {
        assert_eq!(cursor.accept(&row), Ok(Accepted::Next));
    }
    assert_eq!(cursor.position().sequence, 3);
}

#[test]
fn a_reader_that_comes_back_compares_its_own_row_first() {
    let rows = rows(3);
    let mut cursor = Cursor::new(rows[1].position());
    assert_eq!(cursor.begin(&whole(3)), Beginning::At(2));
    assert_eq!(cursor.accept(&rows[1]), Ok(Accepted::Known));
    assert_eq!(cursor.accept(&rows[2]), Ok(Accepted::Next));
}

#[test]
fn another_history_at_the_readers_own_row_is_noticed() {
    let rows = rows(3);
    let other = Position { chain: Chain::START, ..rows[1].position() };
    let mut cursor = Cursor::new(other);
    assert_eq!(cursor.begin(&whole(3)), Beginning::At(2));
    assert_eq!(cursor.accept(&rows[1]), Err(Stopped::Replaced(2)));
}

/// A broker once answered with 102 after 100, while its consumer's own numbers were contiguous.
#[test]
fn a_missing_number_is_never_skipped() {
    let rows = rows(3);
    let mut cursor = Cursor::new(Position::default());
    assert_eq!(cursor.begin(&whole(3)), Beginning::At(1));
    assert_eq!(cursor.accept(&rows[0]), Ok(Accepted::Next));
    let gap = Stopped::Gap { expected: 2, found: 3 };
    assert_eq!(cursor.accept(&rows[2]), Err(gap));
    assert_eq!(cursor.position().sequence, 1);
}

#[test]
fn a_row_that_was_edited_is_noticed() {
    let mut rows = rows(2);
    rows[1].payload = b"{\"x\":1}".as_slice().into();
    let mut cursor = Cursor::new(rows[0].position());
    assert_eq!(cursor.begin(&whole(2)), Beginning::At(1));
    assert_eq!(cursor.accept(&rows[0]), Ok(Accepted::Known));
    assert_eq!(cursor.accept(&rows[1]), Err(Stopped::Damaged(2)));
}

#[test]
fn a_stream_that_is_too_short_or_holed_is_not_read() {
    let mut cursor = Cursor::new(rows(3)[2].position());
    assert_eq!(cursor.begin(&whole(2)), Beginning::TooShort);
    let purged = Extent { first: 3, last: 5, messages: 3 };
    assert_eq!(cursor.begin(&purged), Beginning::Holed);
    let purged_beyond = Extent { first: 1001, last: 1000, messages: 0 };
    assert_eq!(cursor.begin(&purged_beyond), Beginning::Holed);
}

#[test]
fn an_alarm_over_a_later_row_outlasts_the_row_that_was_read_last_unless_nothing_follows_it() {
    let rows = rows(3);
    let alarm = Alarm::Stopped(Stopped::Replaced(3));
    assert!(alarm.outlasts(&rows[1], 1), "each attempt begins at the row that was read last");
    assert!(!alarm.outlasts(&rows[1], 0), "it is gone");
    assert!(!alarm.outlasts(&rows[2], 1), "it has come, and is as it was");
    assert!(!Alarm::Holed.outlasts(&rows[1], 1));
    assert!(alarm.outlasts_counters(2) && !alarm.outlasts_counters(0));
    assert!(!Alarm::Holed.outlasts_counters(2), "they are right again");
}
