//! What happens to a row that arrives at the broker, and to the answer.

use engine::process::BrokerAnswer;
use engine::relay::Reply;
use protocol::Service;

use crate::agenda::{Awaits, Publish, SECOND, What};
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
        if !self.env.arrives(service, publish.connection) {
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
            self.env.record(service, || {
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
        if let Some(step) = hearing(publish, reply) {
            self.env.agenda.put(at, What::Process(publish.from, step));
        }
    }

    /// No answer comes: who has made a request hears that when its patience is at an end.
    fn answer_lost(&mut self, publish: &Publish) {
        let Awaits::Request(id) = publish.awaits else { return };
        let at = (publish.sent_at + REQUEST_TIMEOUT).max(self.env.now);
        let answer = Box::new(Err("timed out".to_owned()));
        self.env.agenda.put(at, What::Process(publish.from, Step::Answer(id, answer)));
    }

    /// Whoever reads that stream gets what is new, or notices that it is gone.
    pub(crate) fn wake(&mut self, stream: Service) {
        for shell in self.shells.values_mut() {
            shell.wake(&mut self.env, stream);
        }
    }
}

fn hearing(publish: &Publish, reply: Reply) -> Option<Step> {
    match publish.awaits {
        Awaits::Window(window) => {
            let (row, reply) = (publish.row.sequence, Box::new(reply));
            Some(Step::Acknowledged { window, row, reply })
        }
        Awaits::Request(id) => Some(Step::Answer(id, Box::new(Ok(BrokerAnswer::Published(reply))))),
        Awaits::Nothing => None,
    }
}
