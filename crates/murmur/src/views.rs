//! `murmur views`: the generations of the read model. Builds a new one beside the one that is read,
//! shows how the two differ, and switches.

mod answers;

use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::{Context as _, bail};
use auditor::Checked;
use clap::Subcommand;
use client::http::{Call, Client};
use client::run_file::RunFile;
use client::wait::look_until;
use evidence::examination::examine_generations;
use hyper::Method;
use indicatif::{ProgressBar, ProgressStyle};
use serde::de::DeserializeOwned;
use serde_json::json;
use terminal::table;
use terminal::verdict::Verdict;
use terminal::{hint, line};

use crate::global::Global;
use answers::{Begun, Comparison, Generation, Overview};

/// How often is asked how far a building has come.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// A comparison reads everything that both generations hold.
const COMPARED_WITHIN: Duration = Duration::from_secs(600);

/// What to do with the read model.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show which generations there are, and which is read.
    Status,
    /// Build a new generation beside the one that is read, compare the two, and switch if nothing
    /// differs, or if the streams say that only the one that is read is wrong.
    Rebuild(RebuildArgs),
    /// Read the generation again that was read before.
    Rollback,
}

/// How to build.
#[derive(Debug, clap::Args)]
struct RebuildArgs {
    /// Compare only this view, such as `order` or `customer-orders`. All of them are built: they
    /// have one position.
    #[arg(long)]
    view: Option<String>,
    /// Switch whatever differs, without asking the streams.
    #[arg(long)]
    accept: bool,
    /// Do not switch: leave the new generation beside the old one.
    #[arg(long, conflicts_with = "accept")]
    keep: bool,
}

/// The query service's generations.
pub(crate) struct Views {
    running: RunFile,
    client: Client,
    url: String,
}

/// Does it. Generations that differ are a finding.
pub(crate) async fn run(global: &Global, args: &Args) -> anyhow::Result<Verdict> {
    let views = Views::of(global.running()?)?;
    match &args.action {
        Action::Status => views.show_status(global).await,
        Action::Rebuild(args) => views.rebuild(global, args).await,
        Action::Rollback => views.roll_back(global).await,
    }
}

impl Views {
    /// Those of a running system.
    pub(crate) fn of(running: RunFile) -> anyhow::Result<Self> {
        let url = format!("{}/generations", running.query()?);
        Ok(Self { client: running.client_answering_within(COMPARED_WITHIN), running, url })
    }

    /// Builds one beside the one that is read, or waits for the one that is being built. Says which, and
    /// whether it was there already.
    pub(crate) async fn build(&self) -> anyhow::Result<(String, bool)> {
        let (next, was_there) = match self.overview().await?.next {
            Some(next) => (next.id, true),
            None => (self.ask::<Begun>(Call::post(&self.url)).await?.id, false),
        };
        self.until_built(&next).await?;
        Ok((next, was_there))
    }

    /// Takes one away that nobody reads.
    pub(crate) async fn discard(&self, id: &str) -> anyhow::Result<()> {
        let call = Call::new(Method::DELETE, format!("{}/{id}", self.url));
        self.ask::<Overview>(call).await.map(drop)
    }

    async fn show_status(&self, global: &Global) -> anyhow::Result<Verdict> {
        let overview = self.overview().await?;
        show_overview(global, &overview);
        let is_old = overview.live.is_none_or(|live| live.version != overview.views_version);
        Ok(if is_old { Verdict::Found } else { Verdict::Clean })
    }

    async fn rebuild(&self, global: &Global, args: &RebuildArgs) -> anyhow::Result<Verdict> {
        let (next, _) = self.build().await?;
        let compared = self.compare(&next, args.view.as_deref()).await?;
        if global.json {
            line!("{}", json!(compared));
        } else {
            compared.show();
        }
        let keep = if args.keep {
            Some("as you asked".to_owned())
        } else if compared.same || args.accept {
            None
        } else {
            self.why_not(&compared).await?
        };
        if let Some(why) = keep {
            let text = format!("not switched, {why}: the new generation stays beside the old one");
            line_unless_json(global, &text);
            return Ok(if compared.same { Verdict::Clean } else { Verdict::Found });
        }
        self.activate(&next).await?;
        line_unless_json(global, "switched; `murmur views rollback` goes back");
        Ok(Verdict::Clean)
    }

    /// Two generations differ: why the new one cannot be switched to, if it cannot. If the streams say
    /// that it is right and the live one is not, then somebody has edited the live one.
    async fn why_not(&self, compared: &Comparison) -> anyhow::Result<Option<String>> {
        let names = [compared.old.as_str(), compared.new.as_str()];
        let checks = examine_generations(&self.running, &names).await?;
        let is_right = |check: &Checked| check.findings.is_empty() && check.unknown.is_none();
        let finding = |check: &Checked| {
            let found = check.findings.first().map(ToString::to_string);
            check.unknown.clone().or(found).unwrap_or_default()
        };
        Ok(match &checks[..] {
            [live, new] if is_right(new) && !live.findings.is_empty() => None,
            [_, new] if !is_right(new) => Some(format!(
                "since the streams do not say that the new one is right ({})",
                finding(new)
            )),
            [_, _] => {
                Some("though both are what the streams say: compare again, or --accept".into())
            }
            _ => Some("since the streams were not compared".to_owned()),
        })
    }

    async fn roll_back(&self, global: &Global) -> anyhow::Result<Verdict> {
        let previous = self.overview().await?.previous;
        let previous = previous.context("there is no generation to go back to")?;
        let overview = self.activate(&previous.id).await?;
        show_overview(global, &overview);
        Ok(Verdict::Clean)
    }

    async fn until_built(&self, id: &str) -> anyhow::Result<()> {
        let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
            "building {bar:30} {human_pos} of {human_len} rows, {per_sec}, {eta} to go",
        )?);
        let look = async || {
            let Some(next) = self.overview().await?.next.filter(|next| next.id == id) else {
                bail!("generation {id} is no longer being built: `murmur views status` shows why");
            };
            if let Some(rebuild) = &next.rebuild {
                bar.set_length(rebuild.of);
            }
            bar.set_position(next.folded.unwrap_or(0));
            if next.built {
                bar.finish_and_clear();
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        };
        look_until(ASK_EVERY, look).await
    }

    async fn overview(&self) -> anyhow::Result<Overview> {
        self.ask(Call::get(&self.url)).await
    }

    async fn compare(&self, id: &str, view: Option<&str>) -> anyhow::Result<Comparison> {
        let only = view.map(|view| format!("?view={view}")).unwrap_or_default();
        self.ask(Call::get(format!("{}/{id}/comparison{only}", self.url))).await
    }

    async fn activate(&self, id: &str) -> anyhow::Result<Overview> {
        let url = format!("{}/{id}/activate", self.url);
        self.ask(Call::new(Method::POST, url)).await
    }

    async fn ask<T: DeserializeOwned>(&self, call: Call) -> anyhow::Result<T> {
        Ok(self.client.json(call).await?)
    }
}

fn line_unless_json(global: &Global, text: &str) {
    if !global.json {
        line!("{}", hint::complete(text));
    }
}

fn show_overview(global: &Global, overview: &Overview) {
    if global.json {
        line!("{}", json!(overview));
        return;
    }
    let mut rows = table::with_header(["", "generation", "built", "rows"]);
    let named =
        [("live", &overview.live), ("next", &overview.next), ("previous", &overview.previous)];
    for (name, generation) in named {
        let Some(Generation { id, version, built, folded, .. }) = generation else { continue };
        let is_current = *version == overview.views_version;
        let folded = folded.map_or_else(|| "none".to_owned(), |folded| folded.to_string());
        rows.add_row([
            name.into(),
            table::judged(id, Some(is_current)),
            table::judged(if *built { "yes" } else { "no" }, Some(*built)),
            folded.into(),
        ]);
    }
    line!("{rows}");
    if overview.live.as_ref().is_some_and(|live| live.version != overview.views_version) {
        line!("the views have changed: a new generation is being built, and will be switched to");
    }
}
