//! The tables of the search, in memory, and what is written to them.

use rusqlite::{Connection, OptionalExtension as _, Transaction, named_params, params};

use super::document::{Change, Document, Sort};
use super::orders::reason_text;
use super::words::words_of;

/// Words longer than that are none that a person misspells.
const WORD_LETTERS_MAX: usize = 40;

/// Rowids of one sort come before those of the next.
pub(super) const RANK: i64 = 1 << 56;

pub struct Index {
    connection: Connection,
    documents: i64,
}

impl Index {
    /// An empty index.
    ///
    /// # Errors
    /// When its tables cannot be made.
    pub fn new() -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        // Nothing of it outlives the process, and a batch that fails is followed by a new index.
        connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
        connection.execute_batch(include_str!("index.sql"))?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { connection, documents: 0 })
    }

    /// Reads from it.
    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Makes changes, in their order.
    ///
    /// # Errors
    /// When the database fails; the index is of no use then.
    pub fn apply(&mut self, changes: &[Change]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for change in changes {
            match change {
                Change::Document(document) => {
                    self.documents += 1;
                    put(&transaction, document, self.documents)?;
                }
                Change::Moved { order, state, reason } => {
                    let update = "UPDATE document SET state = ?1, reason = coalesce(?2, reason)
                                  WHERE id = ?3 AND sort = ?4";
                    let reason = reason.as_ref().map(reason_text).transpose()?;
                    let sort = Sort::Order.plural();
                    let all = params![state, reason, order, sort];
                    transaction.prepare_cached(update)?.execute(all)?;
                }
            }
        }
        transaction.commit()
    }
}

/// What was there before keeps its place and its date.
fn put(transaction: &Transaction<'_>, document: &Document, number: i64) -> rusqlite::Result<()> {
    let insert = "
        INSERT INTO document (rowid, sort, id, title, detail, state, date, minor, currency,
          customer, placed)
        VALUES (:rowid, :sort, :id, :title, :detail, :state, :date, :minor, :currency,
          :customer, :placed)
        ON CONFLICT (id, sort) DO UPDATE SET title = :title, detail = :detail, state = :state,
          minor = :minor, currency = :currency
        RETURNING rowid";
    let Document { sort, id, title, detail, state, date, money, order, names, ids } = document;
    let rowid: i64 = transaction.prepare_cached(insert)?.query_row(
        named_params! {
            ":rowid": sort.rank() * RANK + number,
            ":sort": sort.plural(),
            ":id": id,
            ":title": title,
            ":detail": detail,
            ":state": state,
            ":date": date,
            ":minor": money.map(|money| money.minor),
            ":currency": money.map(|money| money.currency.to_string()),
            ":customer": order.as_ref().map(|order| order.customer.as_str()),
            ":placed": order.as_ref().map(|order| order.placed_at.micros()),
        },
        |row| row.get(0),
    )?;
    let index = "INSERT OR REPLACE INTO words (rowid, text) VALUES (?1, ?2)";
    let (names, ids) = (words_of(names), words_of(ids));
    let text = [names.join(" "), ids.join(" ")].join(" ");
    transaction.prepare_cached(index)?.execute(params![rowid, text])?;
    names.iter().try_for_each(|word| learn(transaction, word))
}

fn learn(transaction: &Transaction<'_>, word: &str) -> rusqlite::Result<()> {
    if word.chars().count() > WORD_LETTERS_MAX || word.chars().any(|c| c.is_ascii_digit()) {
        return Ok(());
    }
    let new = "INSERT INTO spelling (word) VALUES (?1) ON CONFLICT DO NOTHING RETURNING rowid";
    let new = transaction.prepare_cached(new)?.query_row([word], |row| row.get::<_, i64>(0));
    if let Some(rowid) = new.optional()? {
        let grams = "INSERT INTO grams (rowid, word) VALUES (?1, ?2)";
        transaction.prepare_cached(grams)?.execute(params![rowid, word])?;
    }
    Ok(())
}
