//! Pages of indexes: what is asked for, and what Redis answers.

use redis::ScriptInvocation;

/// A page of an index, with records of each of its entries.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// The index's name in its generation.
    pub index: String,
    /// Lowest score, as Redis writes it: `-inf`, `5`, or `(5` to leave out 5 itself.
    pub low: String,
    /// Highest score, likewise.
    pub high: String,
    pub order: Order,
    pub most: usize,
    /// Which records of each entry.
    pub families: &'static [&'static str],
}

/// From which end of an index a page is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Lowest scores first.
    Up,
    /// Highest scores first.
    Down,
}

/// A page as it was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// How many entries the whole index has.
    pub all: u64,
    /// How many of them lie between the scores.
    pub within: u64,
    /// The entries of the page.
    pub entries: Vec<Entry>,
}

/// One entry of an index.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    pub member: String,
    /// Its score, as Redis writes it.
    pub score: String,
    /// Its records, in the order of the families asked for.
    pub records: Values,
}

/// Values as they are stored, where there are any.
pub type Values = Vec<Option<Vec<u8>>>;

/// What Redis answers: plain values, and from the script how many events are parked, and pages.
pub(super) type ListAnswer = (Values, (u64, Vec<(u64, u64, Vec<(String, String, Values)>)>));

impl Page {
    pub(super) fn of((all, within, entries): (u64, u64, Vec<(String, String, Values)>)) -> Self {
        let entry = |(member, score, records)| Entry { member, score, records };
        Self { all, within, entries: entries.into_iter().map(entry).collect() }
    }
}

impl PageRequest {
    /// Of a whole index.
    #[must_use]
    pub fn of(
        index: impl Into<String>,
        order: Order,
        most: usize,
        families: &'static [&'static str],
    ) -> Self {
        let (low, high) = ("-inf".to_owned(), "+inf".to_owned());
        Self { index: index.into(), low, high, order, most, families }
    }

    pub(super) fn add_to(&self, call: &mut ScriptInvocation<'_>) {
        let order = match self.order {
            Order::Up => "up",
            Order::Down => "down",
        };
        call.arg(&self.index).arg(&self.low).arg(&self.high).arg(order).arg(self.most);
        call.arg(self.families.join(","));
    }
}
