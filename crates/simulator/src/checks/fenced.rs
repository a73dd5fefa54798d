//! P7: what cannot be repaired is fenced, and accepts nothing.

use engine::process::Stage;

use crate::world::World;

/// Asks every fenced service for something: it must refuse, and its outbox must stay as it is.
pub(super) fn check(world: &mut World, wrong: &mut Vec<String>) {
    if let Some(service) = world.chaos.must_be_fenced {
        let stage = world.shell(service).map(|shell| shell.stage());
        if stage != Some(Stage::Fenced) {
            wrong.push(format!("P7: {service} has lost what others have seen, and is {stage:?}"));
        }
    }
    if let Some(service) = world.chaos.must_not_be_fenced {
        let stage = world.shell(service).map(|shell| shell.stage());
        if stage == Some(Stage::Fenced) {
            wrong.push(format!("P9: {service} is fenced for rows that it never had"));
        }
    }
    for service in world.cast.services() {
        let Some(pid) = world.main(service) else { continue };
        let ask = world.clients.requests.iter().find(|r| r.ask.what.service() == service);
        let Some(ask) = ask.map(|request| request.ask.clone()) else { continue };
        let attempt = world.clients.next_attempt();
        let Some(shell) = world.shells.get_mut(&pid) else { continue };
        if shell.stage() != Stage::Fenced {
            continue;
        }
        if shell.ask(&mut world.env, attempt, &ask).is_ok() {
            wrong.push(format!("P7: {service} is fenced and takes commands"));
        }
    }
}
