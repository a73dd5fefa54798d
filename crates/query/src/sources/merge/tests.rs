//! Rows of several streams, and the order in which they are handed over.

use super::*;
use crate::history::{Fate, History};
use contracts::service;

/// A stream of which a test says what has come of it.
struct Stream {
    sender: mpsc::Sender<Row>,
    progress: watch::Sender<Progress>,
}

fn lane(service: Service, last_in_stream: u64) -> (Stream, Lane) {
    let (sender, rows) = mpsc::channel(1_024);
    let progress = Progress { connected: true, last_in_stream, ..Progress::default() };
    let (progress, receiver) = watch::channel(progress);
    let (head, taken, late, closed) = (None, 0, false, false);
    let lane =
        Lane { service, progress: receiver, rows, head, taken, late, closed, _reading: None };
    (Stream { sender, progress }, lane)
}

fn orders() -> History {
    let mut history = History::begin(1);
    history.open_shop();
    for number in 0..20 {
        history.order(&format!("o-{number}"), Fate::Completed);
    }
    history
}

fn time(item: &Item) -> Timestamp {
    item.event.as_ref().unwrap().headers.time
}

#[tokio::test(start_paused = true)]
async fn rows_come_in_the_order_in_which_they_were_decided_however_they_arrive() {
    let history = orders();
    let (mut streams, mut lanes) = (Vec::new(), Vec::new());
    for (service, rows) in &history.rows {
        let (stream, lane) = lane(*service, rows.len() as u64);
        lanes.push(lane);
        streams.push((stream, rows.clone()));
    }
    let (sink, mut items) = mpsc::channel(8);
    let merging = tokio::spawn(Merge::new(lanes).run(sink.into()));
    for (stream, rows) in streams {
        for row in rows {
            stream.sender.send(row).await.unwrap();
            tokio::task::yield_now().await;
        }
    }
    let mut times = Vec::new();
    while let Some(item) = items.recv().await {
        times.push(time(&item));
    }
    assert_eq!(times.len(), history.rows.values().map(Vec::len).sum::<usize>());
    assert!(times.is_sorted());
    merging.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_does_not_come_is_waited_for_once_and_not_for_long() {
    let history = orders();
    let (absent, nothing) = lane(service::PAYMENT, 100);
    let (present, some) = lane(service::ORDER, 0);
    let rows = &history.rows[&service::ORDER];
    for row in rows {
        present.sender.send(row.clone()).await.unwrap();
    }
    let began = tokio::time::Instant::now();
    let mut merge = Merge::new(vec![nothing, some]);
    for row in rows {
        assert_eq!(merge.next().await.unwrap().row, *row);
    }
    assert_eq!(began.elapsed(), PATIENCE);
    let row = history.rows[&service::PAYMENT][0].clone();
    absent.sender.send(row.clone()).await.unwrap();
    assert_eq!(merge.next().await.unwrap().row, row, "it is late, and not lost");
}

#[tokio::test(start_paused = true)]
async fn two_streams_that_do_not_come_are_waited_for_once_each() {
    let history = orders();
    let (_first, absent) = lane(service::PAYMENT, 100);
    let (second, absent_later) = lane(service::SHIPPING, 0);
    let (present, some) = lane(service::ORDER, 0);
    let rows = &history.rows[&service::ORDER];
    for row in rows {
        present.sender.send(row.clone()).await.unwrap();
    }
    let began = tokio::time::Instant::now();
    let mut merge = Merge::new(vec![absent, absent_later, some]);
    merge.next().await.unwrap();
    second.progress.send_modify(|progress| progress.last_in_stream = 100);
    for _ in &rows[1..] {
        merge.next().await.unwrap();
    }
    assert_eq!(began.elapsed(), 2 * PATIENCE);
}

#[tokio::test]
async fn nobody_waits_for_a_stream_that_is_at_its_end_or_has_lost_its_connection() {
    let history = orders();
    let (_ended, at_its_end) = lane(service::PAYMENT, 0);
    let (away, lost) = lane(service::SHIPPING, 100);
    away.progress.send_modify(|progress| progress.connected = false);
    let (present, some) = lane(service::ORDER, 0);
    let row = &history.rows[&service::ORDER][0];
    present.sender.send(row.clone()).await.unwrap();
    let mut merge = Merge::new(vec![at_its_end, lost, some]);
    let next = std::pin::pin!(merge.next());
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(matches!(next.poll(&mut cx), Poll::Ready(Some(item)) if item.row == *row));
}
