//! What is noted of each thing: that it is about to be sent, and what became of it.

use anyhow::Context as _;
use rusqlite::named_params;

use super::{Progress, Refused};
use crate::item::{Entity, Item, Outcome};

impl Progress {
    /// Notes what is about to be sent, each with the number of its attempt, which it returns.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_sent(&mut self, items: &[Item]) -> anyhow::Result<Vec<u64>> {
        let sql = "INSERT INTO items (entity, key, state, attempt, wanted, request)
                   VALUES (:entity, :key, 'sent', 1, :wanted, :request)
                   ON CONFLICT DO UPDATE SET state = 'sent', attempt = attempt + 1,
                       wanted = excluded.wanted, request = excluded.request, reason = ''
                   RETURNING attempt";
        let transaction = self.connection.transaction()?;
        let mut attempts = Vec::with_capacity(items.len());
        for Item { entity, key, wanted, request } in items {
            let request = serde_json::to_string(request)?;
            let values = named_params! {
                ":entity": entity.name(), ":key": key, ":wanted": wanted, ":request": request
            };
            let mut query = transaction.prepare_cached(sql)?;
            attempts.push(query.query_row(values, |row| row.get(0))?);
        }
        transaction.commit()?;
        Ok(attempts)
    }

    /// What was sent, and what became of it is not known; each with the number of its attempt.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn in_doubt(&self) -> anyhow::Result<Vec<(Item, u64)>> {
        let sql = "SELECT entity, key, wanted, request, attempt FROM items WHERE state = 'sent'";
        let mut query = self.connection.prepare(sql)?;
        let (mut all, mut rows) = (Vec::new(), query.query([])?);
        while let Some(row) = rows.next()? {
            let (entity, request): (String, String) = (row.get(0)?, row.get(3)?);
            let entity = Entity::of_name(&entity).context("the progress is of another version")?;
            let request = serde_json::from_str(&request)?;
            let item = Item { entity, key: row.get(1)?, wanted: row.get(2)?, request };
            all.push((item, row.get(4)?));
        }
        all.sort_by_key(|(item, _)| item.entity);
        Ok(all)
    }

    /// Notes what became of what was sent, and the units that it has moved with it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_outcomes(&mut self, outcomes: &[(Item, Outcome)]) -> rusqlite::Result<()> {
        let sql = "UPDATE items SET state = ?3, reason = ?4, request = '',
                   was_moved = was_moved OR ?3 = 'moved' WHERE entity = ?1 AND key = ?2";
        let stock = "INSERT INTO stock VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE
                     SET brought = brought + excluded.brought, taken = taken + excluded.taken";
        let transaction = self.connection.transaction()?;
        for (item, outcome) in outcomes {
            let (state, reason) = stored(outcome);
            transaction.prepare_cached(sql)?.execute([
                item.entity.name(),
                &item.key,
                state,
                reason,
            ])?;
            if *outcome == Outcome::Moved {
                let mut stock = transaction.prepare_cached(stock)?;
                if item.brings() > 0 {
                    stock.execute((&item.key, item.brings(), 0))?;
                }
                for (sku, units) in item.takes() {
                    stock.execute((sku, 0, units))?;
                }
            }
        }
        transaction.commit()
    }

    /// Notes what needs no request: it is as it should be, or cannot be moved at all. Tells what of it is
    /// refused that was not, or not for that reason.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_without_request(
        &mut self,
        all: &[(Entity, String, String, Outcome)],
    ) -> rusqlite::Result<Vec<Refused>> {
        let sql = "INSERT INTO items (entity, key, wanted, state, reason, was_moved)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?4 = 'moved')
                   ON CONFLICT DO UPDATE SET state = excluded.state,
                       wanted = iif(was_moved AND excluded.state = 'refused', wanted, excluded.wanted),
                       reason = excluded.reason, was_moved = was_moved OR excluded.was_moved
                   WHERE (state, reason) IS NOT (excluded.state, excluded.reason)
                      OR (wanted IS NOT excluded.wanted AND NOT was_moved)";
        let transaction = self.connection.transaction()?;
        let mut refused = Vec::new();
        for (entity, key, wanted, outcome) in all {
            let (state, reason) = stored(outcome);
            let mut query = transaction.prepare_cached(sql)?;
            let is_new = query.execute([entity.name(), key, wanted, state, reason])? > 0;
            if let (true, Outcome::Refused(reason)) = (is_new, outcome) {
                let (entity, key, reason) = (*entity, key.clone(), reason.clone());
                refused.push(Refused { entity, key, reason });
            }
        }
        transaction.commit()?;
        Ok(refused)
    }

    /// Forgets a thing that never was in the services and is gone from the old database.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn forget(&self, entity: Entity, key: &str) -> rusqlite::Result<()> {
        let sql = "DELETE FROM items WHERE entity = ?1 AND key = ?2 AND NOT was_moved";
        self.connection.execute(sql, [entity.name(), key])?;
        Ok(())
    }
}

/// The state and the reason of an outcome.
fn stored(outcome: &Outcome) -> (&'static str, &str) {
    match outcome {
        Outcome::Moved => ("moved", ""),
        Outcome::Refused(reason) => ("refused", reason),
    }
}
