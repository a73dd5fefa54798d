use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::source::Source;
use crate::source::snapshot::tests::old_database;

struct World {
    folder: TempDir,
    source: Source,
    progress: Progress,
}

impl World {
    fn new() -> Self {
        let (folder, mut source) = old_database();
        let progress = Progress::open(&folder.path().join("p"), Duration::from_millis(1)).unwrap();
        progress.begin("one").unwrap();
        source.prepare("one").unwrap();
        Self { folder, source, progress }
    }

    fn change(&self, sql: &str) {
        let old = Connection::open(self.folder.path().join("old.sqlite")).unwrap();
        old.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        old.execute_batch(sql).unwrap();
    }

    /// Plans a pass, takes all that is planned for moved, and says what that was.
    fn pass(&mut self, scope: Scope, stage: Stage) -> Vec<String> {
        let snapshot = self.source.snapshot(scope).unwrap();
        let mut said = Vec::new();
        for step in 0..4 {
            let planner = Planner { snapshot: &snapshot, progress: &self.progress, scope, stage };
            let plans = match step {
                0 => planner.masters().unwrap().into(),
                1 => vec![planner.payments().unwrap()],
                2 => {
                    let orders = planner.orders().unwrap();
                    vec![planner.stock(&orders).unwrap(), orders]
                }
                _ => vec![planner.ends().unwrap()],
            };
            for plan in plans {
                said.extend(self.carry_out(plan));
            }
        }
        self.progress.set_position(snapshot.position).unwrap();
        said
    }

    fn carry_out(&mut self, plan: Plan) -> Vec<String> {
        self.progress.note_without_request(&plan.without_request).unwrap();
        for (entity, key) in &plan.gone {
            self.progress.forget(*entity, key).unwrap();
        }
        self.progress.note_sent(&plan.items).unwrap();
        let said = plan.items.iter().map(|item| {
            let units = if item.entity == Entity::Stock {
                item.brings().to_string()
            } else {
                String::new()
            };
            format!("{} {} {} {units}", item.entity.name(), item.key, item.request.method)
        });
        let said: Vec<String> = said.map(|text| text.trim_end().to_owned()).collect();
        let outcomes: Vec<_> = plan.items.into_iter().map(|item| (item, Outcome::Moved)).collect();
        self.progress.note_outcomes(&outcomes).unwrap();
        said
    }

    fn everything(&mut self) -> Vec<String> {
        self.pass(Scope::Everything, Stage::Moving)
    }

    fn changes(&mut self) -> Vec<String> {
        let position = self.progress.position().unwrap();
        self.pass(Scope::ChangesAfter(position), Stage::Moving)
    }

    fn refused(&self) -> Vec<String> {
        let refused = self.progress.refused().unwrap().into_iter();
        refused.map(|one| format!("{} {}: {}", one.entity.name(), one.key, one.reason)).collect()
    }
}

#[test]
fn everything_is_moved_once_in_the_order_in_which_services_can_take_it() {
    let mut world = World::new();
    let first = [
        "customer ann POST",
        "customer bob POST",
        "product lamp POST",
        "product mug POST",
        "payment 1 POST",
        // What is on the shelves, and what the shipped order takes; the cancelled one gives it back.
        "stock lamp POST 2",
        "stock mug POST 13",
        "order 3 POST",
        "order 1 POST",
    ];
    assert_eq!(world.everything(), first);
    assert_eq!(world.everything(), [""; 0]);
    assert_eq!(world.changes(), [""; 0]);
    assert!(world.refused().is_empty());
}

#[test]
fn what_is_not_at_an_end_is_handed_over_when_the_old_system_is_left() {
    let mut world = World::new();
    world.everything();
    world.change("UPDATE products SET discontinued = 1 WHERE sku = 'lamp'");
    assert_eq!(world.changes(), [""; 0]);
    let last = ["order 2 POST", "closed-customer bob POST", "discontinued-product lamp POST"];
    assert_eq!(world.pass(Scope::Everything, Stage::Leaving), last);
    assert_eq!(world.pass(Scope::Everything, Stage::Leaving), [""; 0]);
}

#[test]
fn a_change_is_carried_over_alone_and_an_order_that_ships_takes_no_new_stock() {
    let mut world = World::new();
    world.everything();
    world.change("UPDATE customers SET city = 'York' WHERE id = 'ann'");
    world.change("UPDATE products SET price = 3 WHERE sku = 'mug'");
    world.change("UPDATE stock SET on_hand = on_hand + 5 WHERE sku = 'lamp'");
    assert_eq!(world.changes(), ["customer ann PUT", "product mug PUT", "stock lamp POST 5"]);
    // The trigger of the old system takes what is shipped off its shelves.
    world.change("UPDATE orders SET state = 'shipped' WHERE id = '2'");
    assert_eq!(world.changes(), ["order 2 POST"]);
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn a_limit_has_room_for_what_was_taken_over_it_until_the_end() {
    let mut world = World::new();
    world.change("UPDATE customers SET credit_limit = 5 WHERE id = 'ann'");
    let limit = |world: &World| {
        let known = world.progress.known(Entity::Customer, "ann").unwrap().unwrap();
        let wanted: serde_json::Value = serde_json::from_str(&known.wanted).unwrap();
        wanted["credit_limit"]["minor"].as_i64().unwrap()
    };
    world.everything();
    // 25.20 were shipped, 15.30 paid.
    assert_eq!(limit(&world), 990);
    world.pass(Scope::Everything, Stage::Leaving);
    assert_eq!(limit(&world), 500);
}

#[test]
fn what_cannot_be_moved_is_told_with_its_reason_and_ends_nothing() {
    let mut world = World::new();
    world.change(
        "UPDATE products SET price = 2.555 WHERE sku = 'lamp'; UPDATE payments SET amount = 'much';",
    );
    assert!(world.everything().contains(&"customer ann POST".to_owned()));
    assert_eq!(
        world.refused(),
        [
            "product lamp: \"2.555\" has more decimals than GBP, whose amounts have 2",
            "payment 1: \"much\" is no decimal number",
            "stock lamp: its product was not moved",
            "order 1: its product lamp was not moved",
            "order 3: its product lamp was not moved",
        ]
    );
    // Mended, all of it is moved with the next pass over everything.
    world.change(
        "UPDATE products SET price = 9 WHERE sku = 'lamp'; UPDATE payments SET amount = 1;",
    );
    world.everything();
    assert!(world.refused().is_empty(), "{:?}", world.refused());
}

#[test]
fn what_services_do_not_undo_is_told_and_not_sent_again() {
    let mut world = World::new();
    world.everything();
    world.change(
        "UPDATE payments SET amount = 20; UPDATE order_lines SET quantity = 5 WHERE order_id = '1';
         UPDATE stock SET on_hand = 3 WHERE sku = 'mug'; DELETE FROM orders WHERE id = '3';
         DELETE FROM order_lines WHERE order_id = '3'; DELETE FROM customers WHERE id = 'bob'",
    );
    assert_eq!(world.changes(), [""; 0]);
    let reasons = [
        "customer bob: it is gone from the old database; what is there stays",
        "payment 1: it was changed after it was moved; what is there stays",
        "stock mug: 4 units too many are there: inventory takes none out",
        "order 1: it was changed after it was moved; what is there stays",
        "order 3: it is gone from the old database; what is there stays",
    ];
    assert_eq!(world.refused(), reasons);
    assert_eq!(world.everything(), [""; 0]);
    assert_eq!(world.refused(), reasons);
    world.change(
        "UPDATE payments SET amount = 15.3; UPDATE stock SET on_hand = 9 WHERE sku = 'mug'",
    );
    assert_eq!(world.changes(), ["stock mug POST 2"]);
    assert_eq!(world.refused().len(), 3);
}
