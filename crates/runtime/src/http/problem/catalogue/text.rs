//! Explanations as text.

use protocol::ProblemKind;
use serde_json::json;

pub(super) fn list_in_markdown(kinds: &[&ProblemKind]) -> String {
    let mut text = "| problem | status | when | what to do |\n|---|---|---|---|\n".to_owned();
    for kind in kinds {
        let ProblemKind { slug, title, when, remedy, .. } = kind;
        let statuses = statuses(kind);
        text += &format!("| `{slug}`: {title} | {statuses} | {when} | {remedy} |\n");
    }
    text
}

pub(super) fn one_in_markdown(kind: &ProblemKind) -> String {
    let ProblemKind { slug, title, when, remedy, .. } = kind;
    let (statuses, example) = (statuses(kind), example(kind));
    format!(
        "# {title}\n\n`{slug}`, status {statuses}\n\n**When:** {when}\n\n**What to do:** {remedy}\n\n\
         ```json\n{example}\n```\n\nAll kinds: [/problems](/problems)\n"
    )
}

pub(super) fn list_in_html(kinds: &[&ProblemKind]) -> String {
    let row = |kind: &&ProblemKind| {
        let (url, slug, title) = (kind.url(), kind.slug, escaped(kind.title));
        let statuses = statuses(kind);
        format!(
            "<tr><td><a href=\"{url}\">{slug}</a></td><td>{statuses}</td><td>{title}</td></tr>\n"
        )
    };
    let rows: String = kinds.iter().map(row).collect();
    document(
        "Problems",
        &format!(
            "<p>What this process answers with instead of what was asked for. Each is explained at its \
             <code>type</code>.</p>\n<table>\n<thead><tr><th>Problem</th><th>Status</th><th>What it \
             is</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"
        ),
    )
}

pub(super) fn one_in_html(kind: &ProblemKind) -> String {
    let [title, when, remedy] = [kind.title, kind.when, kind.remedy].map(escaped);
    let (slug, statuses, example) = (kind.slug, statuses(kind), escaped(&example(kind)));
    document(
        &title,
        &format!(
            "<p><code>{slug}</code>, status {statuses}</p>\n<dl>\n<dt>When</dt><dd>{when}</dd>\n\
             <dt>What to do</dt><dd>{remedy}</dd>\n</dl>\n<pre>{example}</pre>\n\
             <p><a href=\"/problems\">All problems</a>, <a href=\"/docs\">the API</a></p>"
        ),
    )
}

fn document(title: &str, content: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<link \
         rel=\"stylesheet\" href=\"/docs/docs.css\">\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         {content}\n</main>\n</body>\n</html>\n"
    )
}

fn statuses(kind: &ProblemKind) -> String {
    let all: Vec<String> = kind.statuses.iter().map(u16::to_string).collect();
    all.join(" or ")
}

fn example(kind: &ProblemKind) -> String {
    let body = json!({
        "type": kind.url(), "title": kind.title, "status": kind.status(), "detail": kind.example,
    });
    format!("{body:#}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::kinds;

    #[test]
    fn a_page_shows_what_stands_in_a_kind_as_text() {
        let page = one_in_html(&kinds::UNKNOWN_HOST);
        assert!(page.contains("\\&quot;shop.example\\&quot;"), "{page}");
        assert!(list_in_markdown(&[&kinds::BAD_ID]).contains("| `bad-id`: "));
    }
}
