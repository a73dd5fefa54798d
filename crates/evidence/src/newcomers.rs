//! Services beside the shop's, and what each declares of itself: query hears it of them.

use std::collections::BTreeMap;

use client::http::Call;
use client::run_file::RunFile;
use contracts::service;
use engine::database::file_in;
use protocol::Service;
use protocol::choreography::Declared;
use serde::Deserialize;

/// What query says of the processes, as far as it matters here.
#[derive(Deserialize)]
struct Heard {
    services: Vec<HeardOf>,
}

#[derive(Deserialize)]
struct HeardOf {
    service: Service,
    #[serde(default)]
    declared: Option<Declared>,
}

/// Those that have ever been started, as far as can be seen from here.
pub(crate) async fn of(running: &RunFile) -> BTreeMap<Service, Option<Declared>> {
    let heard = heard(running).await.unwrap_or_else(|error| {
        if !running.newcomers.is_empty() {
            tracing::warn!("nothing is heard of services beside the shop's: {error:#}");
        }
        Vec::new()
    });
    let heard = heard.into_iter().map(|one| (one.service, one.declared));
    let mut all: BTreeMap<_, _> =
        heard.filter(|(service, _)| !service::ALL.contains(service)).collect();
    // Whoever was only announced has no stream.
    let is_there = |service: &&Service| {
        running.database_of(**service).is_ok_and(|folder| file_in(&folder, **service).exists())
    };
    for service in running.newcomers.iter().filter(is_there) {
        all.entry(*service).or_default();
    }
    all
}

async fn heard(running: &RunFile) -> anyhow::Result<Vec<HeardOf>> {
    let call = Call::get(format!("{}/processes", running.query()?));
    let heard: Heard = running.client().json(call).await?;
    Ok(heard.services)
}
