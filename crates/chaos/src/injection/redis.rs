//! What befalls Redis, said to it in its own inline commands.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use workload::dice::Dice;

use crate::network::port_of;
use crate::system::System;

/// Redis is on this machine.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// What is written into a view: no record looks like that.
const NONSENSE: &str = "edited-by-hand";
/// The records that are edited: what ORDER says of an order.
const VIEWS: &str = "*order:ORDER*";

/// Says something to Redis.
pub(crate) async fn say(system: &System, command: &str) -> anyhow::Result<String> {
    let answer = ask(system, command).await?;
    Ok(format!("Redis answers {}", answer.join(" ").trim()))
}

/// Writes nonsense into one view, chosen by chance.
pub(crate) async fn edit_view(system: &System, dice: &mut Dice) -> anyhow::Result<String> {
    let keys = ask(system, &format!("KEYS {VIEWS}")).await?;
    let key = dice.one_of(&keys).context("there is no such view")?;
    let kind = ask(system, &format!("TYPE {key}")).await?.concat();
    if kind != "string" {
        bail!("{key} is a {kind}");
    }
    ask(system, &format!("SET {key} {NONSENSE}")).await?;
    let is = ask(system, &format!("GET {key}")).await?.concat();
    if is != NONSENSE {
        bail!("{key} is {is:?}");
    }
    Ok(format!("{key} is edited"))
}

/// The answer to an inline command: one text, or several.
async fn ask(system: &System, command: &str) -> anyhow::Result<Vec<String>> {
    let port = port_of(&system.running.redis)?;
    let exchange = async {
        let mut stream = BufReader::new(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?);
        stream.write_all(format!("{command}\r\n").as_bytes()).await?;
        read_answer(&mut stream).await
    };
    timeout(ANSWER_WITHIN, exchange).await.context("Redis does not answer")?
}

async fn read_answer(stream: &mut BufReader<TcpStream>) -> anyhow::Result<Vec<String>> {
    let head = read_line(stream).await?;
    match head.split_at_checked(1) {
        Some(("+" | ":", text)) => Ok(vec![text.to_owned()]),
        Some(("$", length)) => Ok(vec![read_bulk(stream, length).await?]),
        Some(("*", count)) => {
            let mut all = Vec::new();
            for _ in 0..count.parse::<u32>()? {
                let head = read_line(stream).await?;
                all.push(read_bulk(stream, head.trim_start_matches('$')).await?);
            }
            Ok(all)
        }
        _ => bail!("Redis answers {head}"),
    }
}

async fn read_bulk(stream: &mut BufReader<TcpStream>, length: &str) -> anyhow::Result<String> {
    let mut bytes = vec![0; length.parse::<usize>().context("there is no such key")? + 2];
    stream.read_exact(&mut bytes).await?;
    bytes.truncate(bytes.len() - 2);
    Ok(String::from_utf8(bytes)?)
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> anyhow::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}
