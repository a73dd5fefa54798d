//! A reading by hand, and who subscribes to it.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use contracts::service;
use tokio::time::timeout;

use super::*;
use crate::history::{Fate, History};

const STREAMS: [Service; 2] = [service::CUSTOMER, service::ORDER];

/// Whom a reading is made for, who has room for so many rows.
const ROOM: usize = 40_000;

/// Keeps what it is to hand over to.
#[derive(Default)]
struct ByHand(Option<Sink>);

struct Stage {
    feed: Feed,
    source: Tapped<ByHand>,
    history: History,
    at: Positions,
    taken: Option<mpsc::Receiver<Arc<Item>>>,
}

impl Source for ByHand {
    fn open(&mut self, _from: &Positions, sink: Sink) -> Readings {
        self.0 = Some(sink);
        Readings::new([], Vec::new())
    }
}

impl Stage {
    fn with_orders(orders: usize) -> Self {
        let feed = Feed::of(&STREAMS);
        let mut history = History::begin(1);
        history.open_shop();
        let (at, source) = (Positions::default(), feed.tap(ByHand::default()));
        let mut stage = Self { feed, source, history, at, taken: None };
        stage.place(orders);
        stage
    }

    fn place(&mut self, orders: usize) {
        for nth in 0..orders {
            self.history.order(&format!("o-{nth}"), Fate::JustPlaced);
        }
    }

    /// Begins a reading, in place of any before it.
    fn open(&mut self, from: Positions, room: usize) {
        let (sink, taken) = mpsc::channel(room);
        drop(self.source.open(&from, sink.into()));
        (self.at, self.taken) = (from, Some(taken));
    }

    /// Hands over what there is of each stream, up to this row.
    async fn hand_over(&mut self, last: u64) {
        let sink = self.source.source.0.clone().unwrap();
        for item in items(&self.history, &self.at, last) {
            self.at.advance(item.service, &item.row, None);
            sink.send(item).await.unwrap();
        }
    }

    /// A reader of all rows up to this one of each stream.
    fn reader(&self, last: u64) -> Positions {
        reader(&self.history, last)
    }

    async fn subscribed(&self, at: &Positions) -> Subscription {
        soon(self.feed.subscribe(at)).await
    }

    fn is_turned_away(&self, at: &Positions) -> bool {
        let subscribing = std::pin::pin!(self.feed.subscribe(at));
        subscribing.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }
}

fn items(history: &History, at: &Positions, last: u64) -> Vec<Arc<Item>> {
    let of_one = |service: Service| {
        let from = at.of(service).sequence;
        let rows = history.rows[&service].iter();
        let rows = rows.filter(move |row| row.sequence > from && row.sequence <= last);
        rows.map(move |row| Arc::new(Item::of(service, row.clone())))
    };
    service::ALL.into_iter().flat_map(of_one).collect()
}

fn reader(history: &History, last: u64) -> Positions {
    let mut at = Positions::default();
    for item in items(history, &Positions::default(), last) {
        at.advance(item.service, &item.row, None);
    }
    at
}

async fn soon<T>(comes: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), comes).await.unwrap()
}

fn orders(subscription: &mut Subscription) -> Vec<u64> {
    let rows = std::iter::from_fn(|| subscription.rows.try_recv().ok());
    rows.filter(|item| item.service == service::ORDER).map(|item| item.row.sequence).collect()
}

#[tokio::test]
async fn who_stands_where_a_reading_goes_on_gets_every_row_from_there_on_and_it_is_the_same_row() {
    let mut stage = Stage::with_orders(9);
    let at = stage.reader(3);
    assert!(stage.is_turned_away(&at), "nothing is read yet");
    stage.open(at.clone(), ROOM);
    let mut subscription = stage.subscribed(&at).await;
    assert!(subscription.is_reached(&at) && subscription.agrees(&at));
    stage.hand_over(9).await;
    let taken = stage.taken.as_mut().unwrap();
    let item = soon(subscription.rows.recv()).await.unwrap();
    while let Ok(own) = taken.try_recv() {
        assert!(own.row != item.row || Arc::ptr_eq(&own, &item), "it is parsed twice");
    }
    assert_eq!(orders(&mut subscription), [5, 6, 7, 8, 9]);
}

#[tokio::test]
async fn who_is_a_little_behind_is_told_where_it_begins_and_who_is_far_behind_is_not_subscribed() {
    let far = usize::try_from(BEHIND_ROWS_MAX).unwrap() + 9;
    let mut stage = Stage::with_orders(far);
    stage.open(stage.reader(u64::MAX), ROOM);
    assert!(stage.is_turned_away(&stage.reader(8)));
    let subscription = stage.subscribed(&stage.reader(9)).await;
    assert!(!subscription.is_reached(&stage.reader(far as u64 - 1)));
    assert!(subscription.is_reached(&stage.reader(far as u64)));
}

#[tokio::test]
async fn who_is_ahead_is_subscribed_once_the_reading_has_come_there() {
    let mut stage = Stage::with_orders(9);
    stage.open(Positions::default(), ROOM);
    let at = stage.reader(7);
    assert!(stage.is_turned_away(&at));
    let (feed, ahead) = (stage.feed.clone(), at.clone());
    let waiting = tokio::spawn(async move { feed.subscribe(&ahead).await });
    stage.hand_over(6).await;
    assert!(stage.is_turned_away(&at));
    stage.hand_over(7).await;
    let mut subscription = soon(waiting).await.unwrap();
    stage.hand_over(9).await;
    assert_eq!(orders(&mut subscription), [8, 9]);
}

#[tokio::test]
async fn who_has_read_another_history_is_not_subscribed_and_does_not_agree_later() {
    let mut stage = Stage::with_orders(9);
    let mut other = History::begin(2);
    other.open_shop();
    (0..9).for_each(|nth| other.order(&format!("o-{nth}"), Fate::JustPlaced));
    stage.open(stage.reader(9), ROOM);
    assert!(stage.is_turned_away(&reader(&other, 9)));
    let subscription = stage.subscribed(&reader(&other, 0)).await;
    assert!(subscription.is_reached(&reader(&other, 9)));
    assert!(!subscription.agrees(&reader(&other, 9)));
}

#[tokio::test]
async fn who_does_not_keep_up_is_let_go_and_the_reading_goes_on() {
    let mut stage = Stage::with_orders(QUEUE_ROWS + 10);
    stage.open(Positions::default(), ROOM);
    let mut subscription = stage.subscribed(&Positions::default()).await;
    stage.hand_over(u64::MAX).await;
    let queued = orders(&mut subscription);
    assert_eq!(queued.last().copied(), Some(queued.len() as u64), "none is left out");
    assert!(queued.len() >= QUEUE_ROWS - 1);
    assert!(soon(subscription.rows.recv()).await.is_none());
}

#[tokio::test]
async fn where_the_reading_is_held_up_nobody_waits_with_it() {
    let mut stage = Stage::with_orders(9);
    stage.open(stage.reader(7), 1);
    let at = stage.reader(7);
    let mut subscription = stage.subscribed(&at).await;
    {
        let mut handing_over = std::pin::pin!(stage.hand_over(9));
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(handing_over.as_mut().poll(&mut cx), Poll::Pending);
    }
    assert_eq!(orders(&mut subscription), [8]);
    assert!(soon(subscription.rows.recv()).await.is_none());
    assert!(stage.is_turned_away(&stage.reader(8)));
}

#[tokio::test]
async fn once_there_is_room_again_it_is_subscribed_to_again() {
    let mut stage = Stage::with_orders(9);
    stage.open(stage.reader(7), 1);
    let mut taken = stage.taken.take().unwrap();
    let taking = async { while taken.recv().await.is_some_and(|item| item.row.sequence < 9) {} };
    let feed = stage.feed.clone();
    soon(async { tokio::join!(stage.hand_over(9), taking) }).await;
    let at = reader(&stage.history, 9);
    assert!(soon(feed.subscribe(&at)).await.is_reached(&at));
}

#[tokio::test]
async fn the_subscription_ends_with_the_reading_and_the_next_one_is_subscribed_to() {
    let mut stage = Stage::with_orders(9);
    stage.open(stage.reader(5), ROOM);
    let mut subscription = stage.subscribed(&stage.reader(5)).await;
    stage.hand_over(6).await;
    stage.source.source.0 = None;
    assert_eq!(orders(&mut subscription), [6]);
    assert!(soon(subscription.rows.recv()).await.is_none());
    let at = stage.reader(6);
    assert!(stage.is_turned_away(&at));
    stage.open(Positions::default(), ROOM);
    stage.hand_over(6).await;
    let mut subscription = stage.subscribed(&at).await;
    stage.hand_over(9).await;
    assert_eq!(orders(&mut subscription), [7, 8, 9]);
}
