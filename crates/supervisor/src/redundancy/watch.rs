//! Looks at services, their readers and the broker, again and again.

use std::collections::BTreeMap;

use client::process::Process;
use client::run_file::RunFile;
use client::streams::Streams;
use engine::database;
use protocol::{Service, Timestamp};
use runtime::nats::streams;

use super::{Goal, Lack, Loss};
use crate::protocol::State;
use crate::service_status::ServiceReport;
use crate::service_status::{Services, ask_services};
use crate::supervisor_client::SupervisorClient;

/// What some services hold, and where.
pub struct Watch<'a> {
    running: &'a RunFile,
    supervisor: SupervisorClient,
    services: Vec<Service>,
    /// Whether the services may differ from their streams.
    aside: bool,
    goals: BTreeMap<Service, Goal>,
    broker: Option<Streams>,
}

/// What all processes say at one time.
struct Observation {
    states: BTreeMap<Process, State>,
    answers: Services,
}

impl<'a> Watch<'a> {
    /// Over these services. The rows that they hold at the first look are those that are waited for.
    pub fn new(running: &'a RunFile, services: Vec<Service>) -> Self {
        let (supervisor, goals) = (SupervisorClient::of(running), BTreeMap::new());
        Self { running, supervisor, services, aside: false, goals, broker: None }
    }

    /// Over what a loss concerns.
    pub fn before(running: &'a RunFile, loss: Loss) -> Self {
        let aside = matches!(loss, Loss::Aside(_));
        Self { aside, ..Self::new(running, loss.concerns()) }
    }

    /// What is missing; nothing if all that the services hold is in two places.
    ///
    /// # Errors
    /// When the supervisor does not answer.
    pub async fn look(&mut self) -> anyhow::Result<Vec<Lack>> {
        let reports = self.supervisor.report().await?.into_iter();
        let states = reports.map(|report| (report.process, report.state)).collect();
        let seen = Observation { states, answers: ask_services(self.running).await };
        let mut lacks = Vec::new();
        for service in self.services.clone() {
            lacks.extend(self.lack_of(service, &seen).await);
        }
        Ok(lacks)
    }

    async fn lack_of(&mut self, service: Service, seen: &Observation) -> Option<Lack> {
        let Some(answer) = seen.answers.get(&Process::Service(service)) else {
            return self.left_out(service, seen).await;
        };
        let said = match answer {
            _ if self.aside => None,
            Ok(report) => self.said(service, report, seen),
            Err(_) => Some(seen.silent(service)),
        };
        if said.is_some() {
            return said;
        }
        if let Some(text) = seen.missed_by_a_reader(service) {
            return Some(Lack { text, passes: true });
        }
        if let Some(state) = seen.down(Process::Nats) {
            let text =
                format!("the broker is {state}: what the stream of {service} holds is not known");
            return Some(Lack { text, passes: false });
        }
        let created = answer.as_ref().ok().and_then(|report| report.stream_created);
        let end = self.goals.get(&service).copied().unwrap_or_default().end();
        let text = self.missing_in_broker(service, created, end).await?;
        Some(Lack { text: format!("{service}: {text}"), passes: true })
    }

    /// What a service says of itself.
    fn said(
        &mut self,
        service: Service,
        report: &ServiceReport,
        seen: &Observation,
    ) -> Option<Lack> {
        let unmet = self.goals.entry(service).or_default().unmet(report)?;
        if report.state == "fenced" {
            let reason = report.reason.as_deref().unwrap_or("it does not say why");
            return Some(Lack { text: format!("{service} is fenced: {reason}"), passes: false });
        }
        let passes = seen.down(Process::Nats).is_none();
        Some(Lack { text: format!("{service}: {unmet}"), passes })
    }

    /// A service that does not belong to this system, and may have left something in its stores.
    async fn left_out(&mut self, service: Service, seen: &Observation) -> Option<Lack> {
        let file = database::file_in(&self.running.data.join(service.name()), service);
        let is_there = file.exists()
            || (seen.down(Process::Nats).is_none()
                && self
                    .stream_of(service)
                    .await
                    .is_ok_and(|stream| stream.is_some_and(|(_, extent)| extent.messages > 0)));
        is_there.then(|| Lack {
            text: format!(
                "{service} was not started here: whether its database and its stream hold the same \
                 is not known"
            ),
            passes: false,
        })
    }

    /// Asked of the broker itself: a service may not yet have noticed what it has lost.
    async fn missing_in_broker(
        &mut self,
        service: Service,
        created: Option<Timestamp>,
        end: u64,
    ) -> Option<String> {
        match self.stream_of(service).await {
            Err(error) => Some(format!("its stream cannot be looked at: {error:#}")),
            Ok(None) => Some("its stream is gone".to_owned()),
            Ok(Some((found, _))) if Some(found) != created && !self.aside => {
                Some("another stream stands in the place of its own".to_owned())
            }
            Ok(Some((_, extent))) if !extent.is_whole() => {
                Some("its stream has lost messages".to_owned())
            }
            Ok(Some((_, extent))) => {
                (extent.last < end).then(|| format!("its stream holds {} of {end}", extent.last))
            }
        }
    }

    /// When a stream was created, and what it holds.
    async fn stream_of(
        &mut self,
        service: Service,
    ) -> anyhow::Result<Option<(Timestamp, engine::reading::Extent)>> {
        if self.broker.is_none() {
            self.broker = Some(Streams::open(self.running).await?);
        }
        let Some(broker) = &self.broker else { return Ok(None) };
        let context = broker.connection().jetstream(service);
        let Some(found) = streams::find(&context, service).await? else { return Ok(None) };
        let info = found.cached_info();
        Ok(Some((streams::created(info)?, streams::extent(info))))
    }
}

impl Observation {
    /// How a process is down, if it is until somebody starts it.
    fn down(&self, process: Process) -> Option<State> {
        let state = self.states.get(&process).copied().unwrap_or(State::Stopped);
        matches!(state, State::Stopped | State::Paused).then_some(state)
    }

    fn silent(&self, service: Service) -> Lack {
        let down = self.down(Process::Service(service));
        let is = down.map_or_else(|| "does not answer".to_owned(), |state| format!("is {state}"));
        let text = format!(
            "{service} {is}: whether all rows of its database are in its stream is not known"
        );
        Lack { text, passes: down.is_none() }
    }

    /// What a reader of a stream complains of.
    fn missed_by_a_reader(&self, service: Service) -> Option<String> {
        let name = service.stream();
        self.answers.iter().find_map(|(process, answer)| {
            let alarm = answer.as_ref().ok()?.streams.get(name)?.alarm.as_ref()?;
            Some(format!("{service}: {process} misses something of {name}: {alarm}"))
        })
    }
}
