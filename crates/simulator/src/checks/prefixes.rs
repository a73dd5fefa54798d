//! P4: each consumer has applied exactly a prefix of each stream, once, and at rest it is all of it.

use protocol::{Cause, Chain};

use crate::world::World;

/// Each event carries the positions after exactly the input that made it: not the batch's end.
pub(super) fn check_vectors(world: &World, wrong: &mut Vec<String>) {
    for service in world.cast.services() {
        let stream = world.env.broker.stream(service);
        for message in stream.into_iter().flat_map(|stream| stream.all()) {
            let Ok(headers) = message.row().envelope() else { continue };
            let Cause::Event { service: of, sequence } = headers.cause else { continue };
            let named = headers.vector.of(of).sequence;
            if named != sequence {
                wrong.push(format!(
                    "P4: {} {} was made by {} {sequence}, and names {named} as read",
                    service.stream(),
                    headers.sequence,
                    of.stream()
                ));
            }
        }
    }
}

/// Compares each position with the stream that it is a position in.
pub(super) fn check(world: &World, wrong: &mut Vec<String>) {
    for reader in world.cast.services() {
        let Some(shell) = world.shell(reader) else {
            wrong.push(format!("P8: {reader} does not run"));
            continue;
        };
        for stream in world.cast.streams_read_by(reader) {
            let place = shell.positions().of(stream);
            for (what, position) in [("folded", place.folded), ("decided", place.decided)] {
                let found = world.env.broker.stream(stream);
                let end = found.map_or(0, |found| found.extent().last);
                let message = found.and_then(|found| found.message(position.sequence));
                let chain = message.map_or(Chain::START, |message| message.row().chain);
                if position.sequence != end || position.chain != chain {
                    wrong.push(format!(
                        "P4: {reader} has {what} {} up to {}, which ends at {end}; \
                         its chain is the stream's: {}",
                        stream.stream(),
                        position.sequence,
                        position.chain == chain
                    ));
                }
            }
        }
    }
}
