//! The connection on which Redis tells of changes, and the poll of the position over it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, IntoConnectionInfo, ProtocolVersion, PushInfo, PushKind, Value,
};

use super::Parts;
use crate::keys;
use crate::reader::ReadError;

/// How often the position is asked for when nothing is told.
const POLL_EVERY: Duration = Duration::from_millis(10);

/// Least time between two polls, however much is told.
const POLL_GAP: Duration = Duration::from_millis(1);

/// Longest wait for a poll's answer, and for any other over this connection.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(1);

/// Wait before connecting again.
const RETRY: Duration = Duration::from_millis(100);

/// Connects, follows, and begins anew whenever the connection is lost.
pub(super) async fn run(parts: &Arc<Parts>) {
    loop {
        let Err(reason) = follow(parts).await;
        parts.set_connection(None);
        parts.forget();
        tracing::debug!(%reason, "answers are not given from memory for now");
        tokio::time::sleep(RETRY).await;
    }
}

async fn follow(parts: &Arc<Parts>) -> Result<Infallible, ReadError> {
    let connection = connect(parts).await?;
    parts.set_connection(Some(connection.clone()));
    loop {
        let sent = Instant::now();
        poll(parts, &connection, sent).await?;
        tokio::select! {
            () = tokio::time::sleep(POLL_EVERY) => {}
            () = parts.news.notified() => tokio::time::sleep_until((sent + POLL_GAP).into()).await,
        }
        if parts.connection().is_none() {
            return Err(ReadError::Nothing);
        }
    }
}

async fn connect(parts: &Arc<Parts>) -> Result<MultiplexedConnection, ReadError> {
    let link = parts.link.fetch_add(1, Ordering::AcqRel) + 1;
    let heard = Arc::clone(parts);
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_MAX))
        .set_response_timeout(Some(ANSWER_MAX))
        .set_push_sender(move |push: PushInfo| {
            on_push(&heard, link, &push);
            Ok::<_, Infallible>(())
        });
    let info = parts.client.get_connection_info().clone().into_connection_info()?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let client = redis::Client::open(info.set_redis_settings(settings))?;
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    redis::cmd("CLIENT").arg("TRACKING").arg("ON").exec_async(&mut connection).await?;
    Ok(connection)
}

/// Asks where the read model stands.
async fn poll(
    parts: &Parts,
    connection: &MultiplexedConnection,
    sent: Instant,
) -> Result<(), ReadError> {
    match parts.reader.once().over(connection.clone()).look(&[], &[]).await {
        Ok(look) => parts.polled.take(look.positions, &parts.reader.standing(), sent),
        Err(away @ ReadError::Away(_)) => return Err(away),
        Err(ReadError::Nothing | ReadError::NotCaughtUp(_) | ReadError::Damaged(_)) => {
            parts.forget();
        }
    }
    Ok(())
}

/// Handles what Redis tells. It is called in the order in which the connection is read, and before
/// whoever waits for a later answer gets it.
fn on_push(parts: &Parts, link: u64, push: &PushInfo) {
    if push.kind == PushKind::Invalidate {
        match push.data.first() {
            Some(Value::Array(keys)) => keys.iter().for_each(|key| changed(parts, key)),
            // Everything was flushed.
            Some(_) | None => parts.forget(),
        }
    } else if push.kind == PushKind::Disconnection && parts.is_link(link) {
        parts.set_connection(None);
        parts.forget();
        parts.news.notify_one();
    }
}

fn changed(parts: &Parts, key: &Value) {
    let Value::BulkString(key) = key else { return parts.forget() };
    let Ok(key) = std::str::from_utf8(key) else { return parts.forget() };
    if key == keys::POINTER {
        parts.forget();
    } else {
        parts.entries.invalidate(key);
    }
    if key == keys::POINTER || key.ends_with(keys::POSITION) {
        parts.news.notify_one();
    }
}
