//! How far an import is: what was moved, what was not and why, and what waits.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};
use terminal::output::plain;
use terminal::table;
use terminal::verdict::Verdict;

use crate::item::Entity;
use crate::progress::Refused;

/// Things that were not moved, of which so many are shown. All are counted.
const SHOWN_MAX: usize = 20;

#[derive(Debug)]
pub struct Summary {
    pub moved: BTreeMap<Entity, u64>,
    pub refused: Vec<Refused>,
    pub waiting: Waiting,
    /// The file that knows it.
    pub progress: PathBuf,
}

/// What waits until the old database is left, since the old system may still change its mind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Waiting {
    pub open_orders: usize,
    pub closed_customers: usize,
    pub discontinued_products: usize,
}

impl Summary {
    /// Something that was not moved is a finding.
    pub const fn verdict(&self) -> Verdict {
        if self.refused.is_empty() { Verdict::Clean } else { Verdict::Found }
    }

    pub fn json(&self) -> Value {
        json!({
            "moved": self.moved,
            "refused": self.refused,
            "waiting": self.waiting,
            "progress": self.progress,
        })
    }

    pub fn text(&self) -> String {
        let mut table = table::with_header(["moved", "not moved", "wait", ""]);
        for entity in Entity::ALL {
            let moved = self.moved.get(&entity).copied().unwrap_or_default();
            let refused = self.refused.iter().filter(|one| one.entity == entity).count();
            let waiting = self.waiting.of(entity);
            if moved == 0 && refused == 0 && waiting == 0 {
                continue;
            }
            let shown = |count: usize| if count == 0 { String::new() } else { count.to_string() };
            table.add_row([
                moved.to_string(),
                shown(refused),
                shown(waiting),
                entity.plural().to_owned(),
            ]);
        }
        let mut lines = vec![table.to_string()];
        lines.extend(refusals(&self.refused));
        lines.join("\n")
    }
}

impl Waiting {
    const fn of(self, entity: Entity) -> usize {
        match entity {
            Entity::Order => self.open_orders,
            Entity::ClosedCustomer => self.closed_customers,
            Entity::DiscontinuedProduct => self.discontinued_products,
            Entity::Customer | Entity::Product | Entity::Payment | Entity::Stock => 0,
        }
    }
}

/// The first of what was not moved, each with its reason.
pub fn refusals(refused: &[Refused]) -> Vec<String> {
    let line = |one: &Refused| {
        plain(&format!("not moved: {} {}: {}", one.entity.name(), one.key, one.reason))
    };
    let mut lines: Vec<_> = refused.iter().take(SHOWN_MAX).map(line).collect();
    if refused.len() > SHOWN_MAX {
        lines.push(format!("and {} more: --json lists all", refused.len() - SHOWN_MAX));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_moved_is_counted_and_the_first_are_told() {
        let refused = |nth: usize| Refused {
            entity: Entity::Order,
            key: nth.to_string(),
            reason: "it has no line".into(),
        };
        let waiting = Waiting { open_orders: 3, ..Waiting::default() };
        let moved = BTreeMap::from([(Entity::Customer, 7)]);
        let refused = (0..25).map(refused).collect();
        let summary = Summary { moved, refused, waiting, progress: "p".into() };
        let text = summary.text();
        assert_eq!(summary.verdict(), Verdict::Found);
        assert!(text.contains("not moved: order 0: it has no line"), "{text}");
        assert!(text.contains("and 5 more: --json lists all"), "{text}");
        assert_eq!(summary.json()["refused"].as_array().unwrap().len(), 25);
        assert_eq!(
            (&summary.json()["moved"]["customer"], &summary.json()["waiting"]["open_orders"]),
            (&7.into(), &3.into())
        );
    }
}
