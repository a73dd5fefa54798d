//! Streams that somebody tampers with, by the broker's own means.

use std::time::Duration;

use anyhow::{Context as _, bail};
use client::process::Process;
use client::streams::Streams;
use contracts::service;
use futures_util::TryStreamExt as _;
use protocol::Service;
use runtime::async_nats::jetstream::stream::{Config, DiscardPolicy, Info, Stream};
use runtime::nats::streams as wanted;

use super::must_be_down;
use crate::fault::steps::{Step, Trim};
use crate::system::System;

/// An age at which nobody would expect messages to vanish.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How far beyond its end a stream is purged.
const BEYOND: u64 = 1_000;

/// Carries out a step that is about a stream.
pub(crate) async fn carry_out(system: &System, step: &Step) -> anyhow::Result<String> {
    match step {
        Step::DeleteStream(service) => delete(system, *service).await,
        Step::TrimStream(to) => trim(system, *to).await,
        Step::PurgeBeyond(service) => purge_beyond(system, *service).await,
        Step::EditStream(service) => edit(system, *service).await,
        Step::RecreateStream(service) => recreate(system, *service).await,
        Step::Inject(service) => inject(system, *service).await,
        Step::DeleteConsumers => delete_consumers(system).await,
        _ => bail!("{step} is not about a stream"),
    }
}

async fn delete(system: &System, service: Service) -> anyhow::Result<String> {
    let streams = Streams::open_in(&system.running, service).await?;
    let messages = info(&streams, service).await?.state.messages;
    streams.connection().jetstream(service).delete_stream(service.stream()).await?;
    Ok(format!("{} is deleted with {messages} messages", service.stream()))
}

/// Limits a stream to a few messages for a moment, which deletes all others.
pub(crate) async fn trim(system: &System, trim: Trim) -> anyhow::Result<String> {
    let streams = Streams::open_in(&system.running, trim.of).await?;
    let jetstream = streams.connection().jetstream(trim.of);
    let before = info(&streams, trim.of).await?;
    // A stream that discards what is new keeps what it has, on a newer server.
    let discard = DiscardPolicy::Old;
    let limited = Config { max_messages: trim.to, discard, ..before.config.clone() };
    let after = jetstream.update_stream(&limited).await?;
    jetstream.update_stream(&before.config).await?;
    let (first, messages) = (after.state.first_sequence, before.state.messages);
    if first <= 1 {
        bail!("{} begins with {first} still", trim.of.stream());
    }
    Ok(format!("of {messages} messages of {}, those before {first} are gone", trim.of.stream()))
}

async fn purge_beyond(system: &System, service: Service) -> anyhow::Result<String> {
    must_be_down(system, Process::Service(service)).await?;
    let streams = Streams::open_in(&system.running, service).await?;
    let last = info(&streams, service).await?.state.last_sequence;
    let stream = replace(&streams, service).await?;
    stream.purge().sequence(last + BEYOND).await?;
    let after = info(&streams, service).await?.state.last_sequence;
    if after <= last {
        bail!("{} ends at {after}, not beyond {last}", service.stream());
    }
    Ok(format!("{} ended at {last}, and is empty up to {after}", service.stream()))
}

async fn edit(system: &System, service: Service) -> anyhow::Result<String> {
    let streams = Streams::open_in(&system.running, service).await?;
    let before = info(&streams, service).await?.config;
    let edited = Config { max_messages: 10_000_000, max_age: MONTH, ..before };
    streams.connection().jetstream(service).update_stream(&edited).await?;
    let found = info(&streams, service).await?.config;
    let difference = wanted::difference(&wanted::wanted(service, 1), &found);
    difference.with_context(|| format!("{} is configured as before", service.stream()))
}

async fn recreate(system: &System, service: Service) -> anyhow::Result<String> {
    let streams = Streams::open_in(&system.running, service).await?;
    let messages = info(&streams, service).await?.state.messages;
    replace(&streams, service).await?;
    Ok(format!("another {} stands for one with {messages} messages", service.stream()))
}

/// Puts an empty stream in the place of one, which allows what the other forbids.
async fn replace(streams: &Streams, service: Service) -> anyhow::Result<Stream> {
    let jetstream = streams.connection().jetstream(service);
    jetstream.delete_stream(service.stream()).await?;
    let name = service.stream().to_owned();
    let subjects = vec![format!("{service}.*.*")];
    Ok(jetstream.create_stream(Config { name, subjects, ..Config::default() }).await?)
}

async fn inject(system: &System, service: Service) -> anyhow::Result<String> {
    let streams = Streams::open_in(&system.running, service).await?;
    let before = info(&streams, service).await?.state.last_sequence;
    let client = streams.connection().client();
    client.publish(format!("{service}.forged.x-1"), "{}".into()).await?;
    client.flush().await?;
    let forged = wanted::find(&streams.connection().jetstream(service), service).await?;
    let forged = forged.context("there is no such stream")?;
    for sequence in before + 1.. {
        let message = wanted::message(&forged, sequence).await?;
        let message = message.context("the stream did not take the forged message")?;
        if message.subject.contains(".forged.") {
            return Ok(format!("message {sequence} of {} is forged", service.stream()));
        }
    }
    bail!("the stream has no end")
}

async fn delete_consumers(system: &System) -> anyhow::Result<String> {
    let mut deleted = 0;
    for service in service::ALL {
        let streams = Streams::open_in(&system.running, service).await?;
        let jetstream = streams.connection().jetstream(service);
        let stream = jetstream.get_stream(service.stream()).await?;
        let names: Vec<String> = stream.consumer_names().try_collect().await?;
        for name in names {
            // One that ended by itself meanwhile was not deleted.
            deleted += u32::from(stream.delete_consumer(&name).await.is_ok());
        }
    }
    if deleted == 0 {
        bail!("there was no consumer");
    }
    Ok(format!("{deleted} consumers are deleted"))
}

async fn info(streams: &Streams, service: Service) -> anyhow::Result<Info> {
    let jetstream = streams.connection().jetstream(service);
    let mut stream = jetstream.get_stream(service.stream()).await?;
    Ok(stream.info().await?.clone())
}
