//! Somebody who can publish to a service's stream with that service's own login, and has not its key.

use client::process::Process;
use client::run_file::RunFile;
use contracts::StoredEvent;
use protocol::{Row, Service};
use runtime::NatsSettings;
use runtime::nats::{Connection, streams, wire};
use tokio::runtime::Runtime;

use super::System;

/// One who writes into the stream of one service.
pub(crate) struct Forger {
    service: Service,
    connection: Connection,
    runtime: Runtime,
}

impl Forger {
    pub(crate) fn of(system: &System, service: Service) -> Self {
        let data = system.folder("");
        let login =
            supervisor::broker_accounts::login_of(&data, Process::Service(service)).unwrap();
        let nats = RunFile::load(&data).unwrap().nats;
        let settings = NatsSettings {
            nats_user: login.get("MURMUR_NATS_USER").cloned(),
            nats_password: login.get("MURMUR_NATS_PASSWORD").map(|text| text.clone().into()),
            nats_inbox: login["MURMUR_NATS_INBOX"].clone(),
            ..NatsSettings::at(&nats)
        };
        let runtime = Runtime::new().unwrap();
        let connection = runtime.block_on(async {
            let connection = Connection::open(&settings, "forger").await.unwrap();
            connection.connected().await;
            connection
        });
        Self { service, connection, runtime }
    }

    /// Appends a row that follows the chain: one of the stream's events once more, with its seal and
    /// about somebody else.
    pub(crate) fn append(
        &self,
        model: impl Fn(&StoredEvent) -> bool,
        change: impl FnOnce(&mut StoredEvent),
    ) -> Row {
        self.runtime.block_on(async {
            let context = self.connection.jetstream(self.service);
            let stream = streams::find(&context, self.service).await.unwrap().unwrap();
            let last = streams::tail(&stream).await.unwrap().unwrap();
            let mut found = None;
            for number in 1..=last.sequence {
                let row = streams::message(&stream, number).await.unwrap().unwrap();
                found = found.or_else(|| row.parse().ok().filter(&model));
            }
            let mut event: StoredEvent = found.unwrap();
            event.headers.sequence = last.sequence + 1;
            change(&mut event);
            let mut row = event.to_row().unwrap();
            row.chain = last.chain.next(&row.subject, &row.headers, &row.payload);
            let (headers, payload) = (wire::headers_of(&row), row.payload.to_vec().into());
            let publishing = context.publish_with_headers(row.subject.clone(), headers, payload);
            publishing.await.unwrap().await.unwrap();
            row
        })
    }

    /// Appends what is nobody's event.
    pub(crate) fn append_nonsense(&self, subject: &str) {
        self.runtime.block_on(async {
            let context = self.connection.jetstream(self.service);
            context.publish(subject.to_owned(), "{}".into()).await.unwrap().await.unwrap();
        });
    }
}
