//! What befalls Redis, said to it in its own inline commands.

use anyhow::{Context as _, bail};
use workload::dice::Dice;

use crate::system::System;

/// What is written into a view: no record looks like that.
const NONSENSE: &str = "edited-by-hand";
/// The records that are edited: what ORDER says of an order.
const VIEWS: &str = "*order:ORDER*";

/// Says something to Redis.
pub(crate) async fn say(system: &System, command: &str) -> anyhow::Result<String> {
    let answer = system.running.redis()?.ask(command).await?;
    Ok(format!("Redis answers {}", answer.join(" ").trim()))
}

/// Writes nonsense into one view, chosen by chance.
pub(crate) async fn edit_view(system: &System, dice: &mut Dice) -> anyhow::Result<String> {
    let redis = system.running.redis()?;
    let keys = redis.ask(&format!("KEYS {VIEWS}")).await?;
    let key = dice.one_of(&keys).context("there is no such view")?;
    let kind = redis.ask(&format!("TYPE {key}")).await?.concat();
    if kind != "string" {
        bail!("{key} is a {kind}");
    }
    redis.ask(&format!("SET {key} {NONSENSE}")).await?;
    let is = redis.ask(&format!("GET {key}")).await?.concat();
    if is != NONSENSE {
        bail!("{key} is {is:?}");
    }
    Ok(format!("{key} is edited"))
}
