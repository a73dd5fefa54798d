//! A page for each event: who publishes it and why, who reacts to it and with what, who ignores it, what
//! it looks like; and a page that lists them.

use protocol::Kind;
use protocol::choreography::{Choreography, Publication, Reaction, Shape, Trigger};

use crate::readers::{self, Reader, alternatives};
use crate::{Document, examples, schemas};

/// The pages. The list is the folder's README.
#[must_use]
pub fn documents(choreography: &Choreography) -> Vec<Document> {
    let mut pages = vec![Document::new("README.md", index(choreography))];
    let page = |one: &Publication| Document::new(path(one.kind), page(choreography, one));
    pages.extend(choreography.publications.iter().map(page));
    pages
}

fn path(kind: Kind) -> String {
    format!("events/{kind}.md")
}

fn index(choreography: &Choreography) -> String {
    let mut page = "# The contract\n\n\
        What the services say to each other, derived from `contracts::choreography` and the events' types.\n\
        `murmur contract docs` writes this folder; CI checks that it is up to date.\n\n\
        - [asyncapi.json](asyncapi.json): channels, operations and messages, by AsyncAPI 3.0\n\
        - [The saga](saga.md) as a diagram, and [as a picture](saga.svg)\n\
        - [accounts.md](accounts.md): what each account of the broker may publish and subscribe to; \
        [accounts.conf](accounts.conf) for nats-server\n\n\
        ## Events\n\n\
        | event | version | meaning | reacted to by |\n|---|---|---|---|\n"
        .to_owned();
    for publication in &choreography.publications {
        let Publication { kind, writes, meaning, .. } = *publication;
        let readers = readers::of(choreography, kind);
        let moved: Vec<_> = readers.iter().filter(|reader| !reader.reactions.is_empty()).collect();
        let by: Vec<_> = moved.iter().map(|reader| reader.service.name()).collect();
        let by = by.join(", ");
        push_line!(page, "| [{kind}]({}) | {writes} | {meaning} | {by} |", path(kind));
    }
    page
}

fn page(choreography: &Choreography, publication: &Publication) -> String {
    let kind = publication.kind;
    let publisher = kind.service();
    let readers = readers::of(choreography, kind);
    let sections = [
        format!("# {kind}\n\n{}", publication.meaning),
        facts(choreography, publication),
        format!("## Published by {publisher}\n\n{}", causes(choreography, kind)),
        format!("## Reactions\n\n{}", reactions(choreography, kind, &readers)),
        format!("## Read and ignored\n\n{}", ignored(&readers)),
        format!("## Example\n\n{}", example(publication)),
        format!("## Versions\n\n{}", versions(publication)),
    ];
    sections.join("\n\n") + "\n"
}

fn facts(choreography: &Choreography, publication: &Publication) -> String {
    let kind = publication.kind;
    let mut facts = vec![format!(
        "Stream `{}`, subject `{kind}.<{}>`.",
        kind.service().stream(),
        publication.id_field
    )];
    if choreography.start == kind {
        facts.push("An order's saga starts with it.".to_owned());
    }
    if choreography.ends.contains(&kind) {
        facts.push("An order's saga ends with it.".to_owned());
    }
    for compensation in &choreography.compensations {
        if compensation.step == kind {
            facts.push(format!("It is undone by {}.", link(compensation.undone_by)));
        }
        if compensation.undone_by == kind {
            facts.push(format!("It undoes {}.", link(compensation.step)));
        }
    }
    if let Some(state) = choreography.state_after(kind) {
        facts.push(format!("Afterwards, {} is in state `{state}`.", kind.service()));
    }
    facts.join(" ")
}

fn causes(choreography: &Choreography, kind: Kind) -> String {
    let causes = readers::causes(choreography, kind);
    if causes.is_empty() {
        return "After its database was lost, or was behind its stream.".to_owned();
    }
    let line = |cause: &&Reaction| {
        let others: Vec<Kind> =
            cause.emits.iter().copied().filter(|other| *other != kind).collect();
        let instead =
            if others.is_empty() { String::new() } else { format!(", or else {}", links(&others)) };
        format!("- in {}, on {}{instead}", alternatives(cause.states), trigger(cause))
    };
    causes.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn reactions(choreography: &Choreography, kind: Kind, readers: &[Reader<'_>]) -> String {
    let mut lines = Vec::new();
    for Reader { service, reactions, replicates, .. } in readers {
        for reaction in reactions {
            let (states, emits) = (alternatives(reaction.states), links(reaction.emits));
            lines.push(format!("- **{service}** in {states}: {emits}"));
        }
        if *replicates {
            lines.push(format!("- **{service}** folds it into its replica of {}", kind.service()));
        }
    }
    lines.push("- **query** folds it into the read model".to_owned());
    let fact = choreography.facts.iter().find(|fact| fact.what == kind);
    let because = fact.map(|fact| format!("\n\nNo service reacts: {}.", fact.because));
    lines.join("\n") + &because.unwrap_or_default()
}

fn ignored(readers: &[Reader<'_>]) -> String {
    let lines = readers.iter().filter(|reader| !reader.ignored_in.is_empty()).map(|reader| {
        let is_always = reader.reactions.is_empty();
        let states = alternatives(&reader.ignored_in);
        let states = if is_always { "in every state".to_owned() } else { format!("in {states}") };
        format!("- **{}** {states}", reader.service)
    });
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() { "By nobody.".to_owned() } else { lines.join("\n") }
}

/// As it is written, and in any other version that is read.
fn example(publication: &Publication) -> String {
    let is_written = |shape: &&Shape| shape.version == publication.writes;
    let (written, others): (Vec<_>, Vec<_>) = publication.shapes().partition(is_written);
    let written = written.into_iter().map(json_block);
    let others = others.into_iter().map(|shape| {
        format!("In version {}, which is read, too:\n\n{}", shape.version, json_block(shape))
    });
    written.chain(others).collect::<Vec<_>>().join("\n\n")
}

fn json_block(shape: &Shape) -> String {
    format!("```json\n{:#}\n```", examples::payload(shape))
}

fn versions(publication: &Publication) -> String {
    let Publication { kind, writes, newest, .. } = *publication;
    let schemas: Vec<_> = publication
        .shapes()
        .map(|shape| match publication.older {
            [] => format!("[Schema](../{})", schemas::path(publication, shape)),
            _ => format!(
                "[Schema of version {}](../{})",
                shape.version,
                schemas::path(publication, shape)
            ),
        })
        .collect();
    format!(
        "`{}` is written; versions 1 to {} are read. {}",
        kind.event_type(writes),
        newest.version,
        schemas.join(", ")
    )
}

fn trigger(reaction: &Reaction) -> String {
    match reaction.on {
        Trigger::Event(kind) => link(kind),
        Trigger::Command(name) => format!("the command `{name}`"),
        Trigger::Timer(name) => format!("the timer `{name}`"),
    }
}

fn link(kind: Kind) -> String {
    format!("[{kind}]({kind}.md)")
}

fn links(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| link(*kind)).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use contracts::choreography::MURMURATION;
    use contracts::kind;

    use super::*;

    #[test]
    fn a_page_says_who_publishes_reacts_and_ignores() {
        let publication = MURMURATION.publication(kind::ORDER_CANCELLED).unwrap();
        let page = page(&MURMURATION, publication);
        for line in [
            "- in `placed` or `prepared`, on the command `cancel`",
            "- in `placed`, on the timer `deadline`",
            "- **payment** in `charged`: [payment.refunded](payment.refunded.md)",
            "- **payment** in `none`: [payment.voided](payment.voided.md)",
            "- **payment** in `declined`, `refunded` or `voided`",
            "- **query** folds it into the read model",
            "`order.cancelled.v1` is written; versions 1 to 1 are read. \
             [Schema](../schemas/order.cancelled.v1.json)",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
        }
    }

    #[test]
    fn each_version_that_is_read_is_shown_and_the_one_that_is_written_first() {
        let publication = MURMURATION.publication(kind::SHIPPING_CREATED).unwrap();
        let page = page(&MURMURATION, publication);
        let versions = "`shipping.created.v1` is written; versions 1 to 2 are read. \
            [Schema of version 1](../schemas/shipping.created.v1.json), \
            [Schema of version 2](../schemas/shipping.created.v2.json)";
        assert!(page.ends_with(&format!("{versions}\n")), "{page}");
        let (one, two) = page.split_once("In version 2, which is read, too:").unwrap();
        assert!(!one.contains("recipient") && two.contains("\"recipient\": {"), "{page}");
    }

    #[test]
    fn whatever_a_page_links_to_is_there() {
        let all = crate::documents(&MURMURATION);
        for document in all.iter().filter(|document| document.path.ends_with(".md")) {
            let folder = document.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            for target in
                document.text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
            {
                let path = match target.strip_prefix("../") {
                    Some(above) => above.to_owned(),
                    None if folder.is_empty() => target.to_owned(),
                    None => format!("{folder}/{target}"),
                };
                let is_there = all.iter().any(|document| document.path == path);
                assert!(is_there, "{} links to {target}", document.path);
            }
        }
    }
}
