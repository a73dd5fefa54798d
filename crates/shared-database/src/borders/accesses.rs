//! What SQL touches, as SQLite itself says: preparing a statement asks an authorizer for each table that it
//! would read or write, behind whatever views and triggers. Nothing is run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization, TransactionOperation};

/// Functions that make one figure of many rows.
const ADDS_UP: [&str; 4] = ["sum", "total", "count", "avg"];

/// What a piece of SQL touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Accesses {
    pub(super) reads: BTreeSet<String>,
    pub(super) writes: BTreeSet<String>,
    /// Whether it makes one figure of many rows.
    pub(super) adds_up: bool,
    /// What it does to the transaction, if that is all it does.
    pub(super) transaction: Option<Boundary>,
}

/// Where a transaction begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Boundary {
    Begin,
    End,
}

/// What was asked for, by the trigger or view that asked; by none, the statement itself.
type Asked = BTreeMap<Option<String>, Accesses>;

/// A connection whose statements are looked at before they would be run.
pub(super) struct Watched {
    connection: Connection,
    asked: Arc<Mutex<Asked>>,
}

impl Watched {
    pub(super) fn new(mut connection: Connection) -> rusqlite::Result<Self> {
        // What a foreign key looks up is reported as the foreign key's, and not as the statement's.
        connection.pragma_update(None, "foreign_keys", false)?;
        let asked = Arc::new(Mutex::new(Asked::new()));
        let noted = Arc::clone(&asked);
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            note(&mut noted.lock().unwrap_or_else(PoisonError::into_inner), &context);
            Authorization::Allow
        }))?;
        Ok(Self { connection, asked })
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// All that a statement touches, through views and triggers, too.
    ///
    /// # Errors
    /// When SQLite does not understand it.
    pub(super) fn statement(&self, sql: &str) -> rusqlite::Result<Accesses> {
        let all = self.prepare(sql)?.into_values();
        Ok(all.fold(Accesses::default(), Accesses::and))
    }

    /// What one trigger touches, if the statement fires it.
    pub(super) fn trigger(&self, name: &str, sql: &str) -> rusqlite::Result<Accesses> {
        Ok(self.prepare(sql)?.remove(&Some(name.to_owned())).unwrap_or_default())
    }

    fn prepare(&self, sql: &str) -> rusqlite::Result<Asked> {
        let take =
            || std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner));
        take();
        self.connection.prepare(sql)?;
        Ok(take())
    }
}

impl Accesses {
    pub(super) fn and(mut self, other: Self) -> Self {
        self.reads.extend(other.reads);
        self.writes.extend(other.writes);
        self.adds_up |= other.adds_up;
        self.transaction = self.transaction.or(other.transaction);
        self
    }

    /// All tables that it touches.
    pub(super) fn tables(&self) -> BTreeSet<String> {
        self.reads.union(&self.writes).cloned().collect()
    }
}

fn note(asked: &mut Asked, context: &AuthContext<'_>) {
    let accesses = asked.entry(context.accessor.map(str::to_owned)).or_default();
    match context.action {
        AuthAction::Read { table_name, .. } => drop(accesses.reads.insert(table_name.to_owned())),
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. } => {
            accesses.writes.insert(table_name.to_owned());
        }
        AuthAction::Function { function_name } => {
            accesses.adds_up |= ADDS_UP.contains(&function_name.to_lowercase().as_str());
        }
        AuthAction::Transaction { operation } => {
            let begins = operation == TransactionOperation::Begin;
            accesses.transaction = Some(if begins { Boundary::Begin } else { Boundary::End });
        }
        _ => {}
    }
}
