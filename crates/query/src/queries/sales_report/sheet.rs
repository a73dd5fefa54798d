//! A report as CSV.
//!
//! Keys and labels are others' text: a spreadsheet that takes one for a formula works it out on the
//! machine of whoever opens it. So such a cell begins with an apostrophe, which makes it text. Numbers
//! are ours and stay numbers, negative ones too.

use runtime::http::Problem;
use runtime::warp::http::header;

use super::{Row, SalesReport};
use crate::query::Content;

/// Money is in minor units: how many of them make a major one depends on the currency.
const COLUMNS: [&str; 10] = [
    "row",
    "by",
    "key",
    "label",
    "currency",
    "orders",
    "units",
    "revenue_minor",
    "refunds",
    "refunded_minor",
];

/// What a row is. A group may have any key, so that no key can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Group,
    Total,
}

/// The report as a file.
pub(super) fn content(report: &SalesReport) -> Result<Content, Problem> {
    let text = text(report).map_err(|error| Problem::defect(&error.to_string()))?;
    let SalesReport { from, to, by, .. } = report;
    let name = format!("attachment; filename=\"sales-by-{by}-{from}-{to}.csv\"");
    let content = Content::text(text, "text/csv; charset=utf-8; header=present");
    Ok(content.with(header::CONTENT_DISPOSITION, &name))
}

/// The rows, and after them the totals.
fn text(report: &SalesReport) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for row in &report.rows {
        writer.write_record(cells(Kind::Group, report.by, row))?;
    }
    for row in &report.totals {
        writer.write_record(cells(Kind::Total, report.by, row))?;
    }
    Ok(writer.into_inner()?)
}

fn cells(kind: Kind, by: &str, row: &Row) -> [String; COLUMNS.len()] {
    let number = |number: Option<i128>| number.map(|n| n.to_string()).unwrap_or_default();
    let (name, key) = match kind {
        Kind::Group => ("group", others_text(&row.key)),
        Kind::Total => ("total", String::new()),
    };
    [
        name.to_owned(),
        by.to_owned(),
        key,
        others_text(&row.label),
        row.currency.to_string(),
        row.orders.to_string(),
        row.units.to_string(),
        row.revenue_minor.to_string(),
        number(row.refunds.map(i128::from)),
        number(row.refunded_minor),
    ]
}

/// A cell that no spreadsheet takes for a formula, nor a part of it where cells end at another sign
/// than the comma.
fn others_text(text: &str) -> String {
    let parts = text
        .split(';')
        .map(|part| if begins_a_formula(part) { format!("'{part}") } else { part.to_owned() });
    parts.collect::<Vec<_>>().join(";")
}

/// The signs that OWASP names, in their wide forms too, behind spaces and unseen signs that an import
/// may cut off.
fn begins_a_formula(text: &str) -> bool {
    let begins = |sign: char| "=+-@\t\r\n\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(sign);
    let is_passed_over = |sign: char| sign.is_whitespace() || is_unseen(sign);
    text.starts_with(begins) || text.trim_start_matches(is_passed_over).starts_with(begins)
}

/// Zero width, or only a direction.
fn is_unseen(sign: char) -> bool {
    matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_would_begin_a_formula_is_made_one_that_does_not() {
        for text in
            ["=1+1", "+1", "-1", "@A1", "\t1", "\r1", "\n1", "  =1", "\u{a0}@x", "\u{ff1d}1"]
        {
            assert_eq!(others_text(text), format!("'{text}"));
        }
        for text in ["\u{feff}=1", "\u{202e}=1", "\u{200b} +1"] {
            assert_eq!(others_text(text), format!("'{text}"));
        }
        assert_eq!(others_text(";=1"), ";'=1");
        assert_eq!(others_text("Bob; =1;-2"), "Bob;' =1;'-2");
        for text in ["", "Mug", "a=b", "c-1", "2026-01-31", "'=1", "Ærø", "a;b"] {
            assert_eq!(others_text(text), text);
        }
    }
}
