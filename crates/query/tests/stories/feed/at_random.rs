//! The two readings come and go at random, while rows are written.

use contracts::service;
use proptest::prelude::*;
use protocol::Row;
use query::search::STREAMS;

use super::{ByHand, ROOM, Stage, add_foreign, all, positions, stage};
use crate::history::{Fate, History};
use crate::stage::{SOON, shop};

/// What happens to the two readings.
#[derive(Clone, Copy, Debug)]
enum Step {
    Order,
    Foreign,
    Opens { of_ten: usize },
    HandsOver(usize),
    Ends,
    Waits,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Order),
        1 => Just(Step::Foreign),
        1 => (0..=10_usize).prop_map(|of_ten| Step::Opens { of_ten }),
        4 => (1..30_usize).prop_map(Step::HandsOver),
        1 => Just(Step::Ends),
        2 => Just(Step::Waits),
    ]
}

async fn take(step: Step, number: usize, stage: &mut Stage, projector: &mut ByHand) {
    let history = stage.streams.history();
    match step {
        Step::Order => {
            let order =
                |history: &mut History| history.order(&format!("s-{number}"), Fate::Completed);
            stage.streams.change(order);
        }
        Step::Foreign => stage.streams.change(add_foreign),
        Step::Opens { of_ten } => {
            let longest = history.rows.values().map(Vec::len).max().unwrap_or_default();
            projector.open(positions(&history, longest * of_ten / 10), ROOM);
        }
        Step::HandsOver(rows) if projector.open.is_some() => {
            projector.hand_over(&history, rows).await;
            projector.takes();
        }
        Step::HandsOver(_) => {}
        Step::Ends => projector.end(),
        Step::Waits => until_seen(stage, projector).await,
    }
}

/// What the search can know of, whichever reading it goes by.
async fn until_seen(stage: &Stage, projector: &ByHand) {
    let history = stage.streams.history();
    let known = if projector.open.is_some() { projector.at.clone() } else { all(&history) };
    let wanted = STREAMS.into_iter().map(|of| (of, known.of(of).sequence)).collect();
    stage.search.wait_for(&wanted, SOON).await.unwrap();
}

async fn come_and_go(steps: &[Step]) {
    let (mut stage, mut projector) = stage(shop(15));
    for (number, one) in steps.iter().enumerate() {
        take(*one, number, &mut stage, &mut projector).await;
        tokio::task::yield_now().await;
    }
    let history = stage.streams.history();
    if projector.open.is_none() {
        projector.open(all(&history), ROOM);
    }
    projector.hand_over(&history, usize::MAX).await;
    let (answer, _) = stage.assert_finds(&history).await;
    let foreign = |row: &&Row| row.subject.starts_with("order.foreign");
    let foreign = history.rows[&service::ORDER].iter().filter(foreign).count();
    assert_eq!(answer.skipped, foreign as u64);
    stage.until_joined().await;
    stage.assert_never_went_back();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn however_the_two_readings_come_and_go_each_row_is_indexed_once(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(come_and_go(&steps));
    }
}
