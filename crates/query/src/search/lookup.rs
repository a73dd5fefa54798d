//! What is asked of the index, and what it finds.
//!
//! In three passes, one after the other: the very id, then whatever has a word that begins with each
//! word asked for, then whatever has a word that was perhaps meant. Each pass is shown by falling
//! rowid, so a cursor is a pass and a rowid, and a page costs no more than what it shows and skips.

use std::fmt;
use std::str::FromStr;

use contracts::spelling::composed;
use rusqlite::{Row, ToSql};
use schemars::JsonSchema;
use serde::Serialize;

use super::document::Sort;
use super::index::Index;
use super::spelling::meant;
use super::words::words_of;

/// Words of a question that are looked at.
pub const WORDS_MAX: usize = 8;

#[derive(Clone, Debug, Default)]
pub struct Question {
    pub text: String,
    /// Only these.
    pub sort: Option<Sort>,
    /// Only what is in this state.
    pub state: Option<String>,
    /// Only from this day on.
    pub from: Option<String>,
    /// Only up to this day.
    pub to: Option<String>,
    /// So many at most.
    pub limit: usize,
    /// Behind this place.
    pub after: Option<HitPosition>,
}

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Found {
    /// A page of it.
    pub items: Vec<Hit>,
    /// Words that were perhaps meant instead of those asked for, in the form in which they are compared;
    /// none for words that are known.
    pub meant: Vec<String>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// The place that the cursor stands for.
    #[serde(skip)]
    pub last: Option<HitPosition>,
}

/// One thing that was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Hit {
    /// `orders`, `products` or `customers`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// What it is called: an order by its customer's name.
    pub title: String,
    /// A few words more.
    pub detail: String,
    /// Its state, by the choreography's name.
    pub state: String,
    /// The business day of an order; else the day on which it was first told of.
    pub date: String,
    /// An order's total or a product's price, in minor units.
    pub minor: Option<i64>,
    /// Its currency.
    pub currency: Option<String>,
    /// Why it was found.
    pub because: Pass,
    #[serde(skip)]
    rowid: i64,
}

/// Why something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pass {
    /// It has the id that was asked for.
    Id,
    /// Its words begin as those that were asked for.
    Words,
    /// Its words may have been meant.
    Meant,
}

/// A place in what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HitPosition {
    pass: Pass,
    rowid: i64,
}

/// Looks for what is asked.
///
/// # Errors
/// When the database fails.
pub fn look_up(index: &Index, question: &Question) -> rusqlite::Result<Found> {
    let words: Vec<String> = words_of(&question.text).into_iter().take(WORDS_MAX).collect();
    let alternatives: Vec<Vec<String>> = words
        .iter()
        .map(|word| meant(index.connection(), word))
        .collect::<rusqlite::Result<_>>()?;
    let strict = expression(&words, &[]);
    let loose = format!("({}) NOT ({strict})", expression(&words, &alternatives));
    let mut items: Vec<Hit> = Vec::new();
    for pass in [Pass::Id, Pass::Words, Pass::Meant] {
        let begin = question.after.map_or(Some(i64::MAX), |place| place.within(pass));
        let skips = match pass {
            // An id need not have a word: `--` is one.
            Pass::Id => false,
            Pass::Words => words.is_empty(),
            Pass::Meant => words.is_empty() || alternatives.iter().all(Vec::is_empty),
        };
        // One more than is shown says whether there is a next page.
        let room = (question.limit + 1).saturating_sub(items.len());
        if let (Some(below), false) = (begin, skips || room == 0) {
            let matches = if pass == Pass::Meant { &loose } else { &strict };
            let search = Search { question, pass, below, room, matches };
            items.extend(search.run(index)?);
        }
    }
    let has_more = items.len() > question.limit;
    items.truncate(question.limit);
    let last = items.last().filter(|_| has_more).map(Hit::place);
    let next = last.map(|place| runtime::http::page::cursor(&place.to_string()));
    let meant = alternatives.into_iter().flatten().collect();
    Ok(Found { items, meant, next, last })
}

/// All words, each as a beginning or as one of its alternatives.
fn expression(words: &[String], alternatives: &[Vec<String>]) -> String {
    let one = |(nth, word): (usize, &String)| {
        let others = alternatives.get(nth).map(Vec::as_slice).unwrap_or_default();
        let others: String = others.iter().map(|other| format!(" OR \"{other}\"")).collect();
        format!("(\"{word}\"*{others})")
    };
    words.iter().enumerate().map(one).collect::<Vec<_>>().join(" AND ")
}

struct Search<'a> {
    question: &'a Question,
    pass: Pass,
    below: i64,
    room: usize,
    matches: &'a str,
}

impl Search<'_> {
    fn run(&self, index: &Index) -> rusqlite::Result<Vec<Hit>> {
        let mut select = index.connection().prepare_cached(&self.sql())?;
        let Question { text, sort, state, from, to, .. } = self.question;
        let (sort, text) = (sort.map(Sort::plural), composed(text.trim()));
        let room = i64::try_from(self.room).unwrap_or(i64::MAX);
        let all: [(&str, &dyn ToSql); 8] = [
            (":below", &self.below),
            (":text", &text),
            (":sort", &sort),
            (":state", state),
            (":from", from),
            (":to", to),
            (":room", &room),
            (":match", &self.matches),
        ];
        let used =
            |(name, _): &(&str, _)| select.parameter_index(name).is_ok_and(|at| at.is_some());
        let used: Vec<_> = all.into_iter().filter(used).collect();
        let hits = select.query_map(&used[..], |row| Hit::of(row, self.pass))?;
        hits.collect()
    }

    /// The words are walked through by falling rowid, and no further than the page needs.
    fn sql(&self) -> String {
        let source = match self.pass {
            Pass::Id => "document WHERE document.id = :text",
            Pass::Words | Pass::Meant => {
                "words CROSS JOIN document ON document.rowid = words.rowid
                 WHERE words MATCH :match AND document.id <> :text"
            }
        };
        let rowid = if self.pass == Pass::Id { "document.rowid" } else { "words.rowid" };
        format!(
            "SELECT document.rowid, sort, id, title, detail, state, date, minor, currency
             FROM {source} AND {rowid} < :below
               AND (:sort IS NULL OR sort = :sort) AND (:state IS NULL OR state = :state)
               AND (:from IS NULL OR date >= :from) AND (:to IS NULL OR date <= :to)
             ORDER BY {rowid} DESC LIMIT :room"
        )
    }
}

impl Hit {
    fn of(row: &Row<'_>, because: Pass) -> rusqlite::Result<Self> {
        Ok(Self {
            rowid: row.get(0)?,
            kind: row.get(1)?,
            id: row.get(2)?,
            title: row.get(3)?,
            detail: row.get(4)?,
            state: row.get(5)?,
            date: row.get(6)?,
            minor: row.get(7)?,
            currency: row.get(8)?,
            because,
        })
    }

    const fn place(&self) -> HitPosition {
        HitPosition { pass: self.because, rowid: self.rowid }
    }
}

impl Pass {
    const fn number(self) -> u8 {
        match self {
            Self::Id => 0,
            Self::Words => 1,
            Self::Meant => 2,
        }
    }
}

impl HitPosition {
    /// Below which rowid a pass goes on behind this place; none if it is over by then.
    fn within(self, pass: Pass) -> Option<i64> {
        match pass.number().cmp(&self.pass.number()) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some(self.rowid),
            std::cmp::Ordering::Greater => Some(i64::MAX),
        }
    }
}

impl fmt::Display for HitPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.pass.number(), self.rowid)
    }
}

/// A text that is no place.
#[derive(Debug, thiserror::Error)]
#[error("this is no place in what was found")]
pub struct NoHitPosition;

impl FromStr for HitPosition {
    type Err = NoHitPosition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (pass, rowid) = text.split_once('-').ok_or(NoHitPosition)?;
        let pass = match pass {
            "0" => Pass::Id,
            "1" => Pass::Words,
            "2" => Pass::Meant,
            _ => return Err(NoHitPosition),
        };
        Ok(Self { pass, rowid: rowid.parse().map_err(|_| NoHitPosition)? })
    }
}
