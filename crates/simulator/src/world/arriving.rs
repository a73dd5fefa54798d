//! What happens to a row that arrives at the broker, and to the answer.

use contracts::Service;
use engine::relay::Reply;

use crate::agenda::{Publish, SECOND, What};
use crate::broker::Mischief;
use crate::env::REQUEST_TIMEOUT;
use crate::fault::Fault;
use crate::process::Step;
use crate::world::World;

impl World {
    /// A row arrives at the broker, or would have.
    pub(super) fn arrive(&mut self, mut publish: Publish) {
        let service = publish.service;
        if !publish.late && !self.shells.contains_key(&publish.from) {
            publish.late = true;
            let late_by = self.host(service).late_by;
            if late_by > 0 {
                let at = self.env.now + late_by;
                self.env.agenda.put(at, What::Arrive(Box::new(publish)));
                return;
            }
        }
        let line = *self.env.line(service);
        let arrives = self.env.broker.up && line.up && !line.loses_out;
        if !arrives || publish.connection < line.oldest_arriving {
            return self.answer_lost(&publish);
        }
        let was_late = publish.late && self.hosts.get(&service).is_some_and(|h| h.late_by > 0);
        let (reply, mischief) = self.store(&publish);
        let stored = matches!(reply, Reply::Stored { .. });
        if stored && was_late {
            self.env.tally.fire(Fault::LateBytes);
        }
        if stored {
            self.wake(service);
        }
        self.answer(&publish, reply, mischief);
    }

    fn store(&mut self, publish: &Publish) -> (Reply, Option<Mischief>) {
        let service = publish.service;
        let mischief = self.env.broker.take_mischief(service);
        let row = publish.row.clone();
        let reply = match mischief {
            Some(Mischief::Ignore | Mischief::ClaimDuplicate) => Reply::Lost(String::new()),
            Some(Mischief::RefuseAndRemove) => self.env.broker.publish_and_remove(service, row),
            Some(Mischief::LoseAnswer | Mischief::AnswerLate | Mischief::RefuseAndStore) | None => {
                self.env.broker.publish(service, row)
            }
        };
        if let Some(mischief) = mischief {
            self.env.tell(service, || {
                format!("the broker and row {}: {mischief:?}", publish.row.sequence)
            });
        }
        (reply, mischief)
    }

    fn answer(&mut self, publish: &Publish, reply: Reply, mischief: Option<Mischief>) {
        let stored = matches!(reply, Reply::Stored { .. });
        let refusal = || Reply::Refused("insufficient resources".to_owned());
        match mischief {
            None => self.answer_with(publish, reply, 0),
            Some(Mischief::Ignore) => {
                self.env.tally.fire(Fault::BrokerFull);
                self.answer_lost(publish);
            }
            Some(Mischief::LoseAnswer) => {
                self.env.tally.fire(Fault::AnswerLost);
                self.answer_lost(publish);
            }
            Some(Mischief::AnswerLate) => {
                self.env.tally.fire(Fault::AnswerLate);
                let late = self.env.random.between(SECOND, 8 * SECOND);
                self.answer_with(publish, reply, late);
                self.answer_lost(publish);
            }
            Some(Mischief::ClaimDuplicate) => {
                self.env.tally.fire(Fault::AnswerDuplicate);
                let sequence = publish.row.sequence;
                self.answer_with(publish, Reply::Stored { sequence, duplicate: true }, 0);
            }
            Some(Mischief::RefuseAndStore) if stored => {
                self.env.tally.fire(Fault::RefusedButStored);
                self.answer_with(publish, refusal(), 0);
            }
            Some(Mischief::RefuseAndRemove) if stored => {
                self.env.tally.fire(Fault::RefusedAndRemoved);
                self.answer_with(publish, refusal(), 0);
            }
            Some(Mischief::RefuseAndStore | Mischief::RefuseAndRemove) => {
                self.answer_with(publish, reply, 0);
            }
        }
    }

    fn answer_with(&mut self, publish: &Publish, reply: Reply, late: u64) {
        if self.env.line(publish.service).loses_in {
            return self.answer_lost(publish);
        }
        let at = self.env.received_at(publish.service) + late;
        self.env.agenda.put(at, What::Process(publish.from, hearing(publish, reply)));
    }

    /// No answer comes: its sender hears that when its patience is at an end.
    fn answer_lost(&mut self, publish: &Publish) {
        let at = (publish.sent_at + REQUEST_TIMEOUT).max(self.env.now);
        let reply = Reply::Lost("timed out".to_owned());
        self.env.agenda.put(at, What::Process(publish.from, hearing(publish, reply)));
    }

    /// Whoever reads that stream gets what is new, or notices that it is gone.
    pub(crate) fn wake(&mut self, stream: Service) {
        for shell in self.shells.values_mut() {
            shell.wake(&mut self.env, stream);
        }
    }
}

fn hearing(publish: &Publish, reply: Reply) -> Step {
    match publish.window {
        Some(window) => Step::Hear { window, row: publish.row.sequence, reply },
        None => Step::HearRecovered(publish.row.chain, reply),
    }
}
