//! The comparison as a picture: an SVG that needs nothing else, and reads in light and dark.

mod canvas;

use super::outage::{KILLED, Outage, Slice, WayInOutage};
use super::report::Report;
use super::tally::Counted;
use super::ways::Kind;
use canvas::{Anchor, Canvas, number};

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 470.0;
const MARGIN: f64 = 24.0;

/// Between the panels with bars.
const GAP: f64 = 28.0;

/// Of a line of bars, and of a strip over time.
const ROW: f64 = 34.0;

/// Room for the names of the ways.
const NAMES: f64 = 84.0;

/// Room for the figure beside a bar.
const FIGURES: f64 = 86.0;

/// One way's bar: how far the solid and the light part reach, and the figure beside it.
struct Bar {
    way: Kind,
    solid: f64,
    light: f64,
    figure: String,
}

/// Draws it; the outage's strips only if there was one.
pub fn draw(report: &Report) -> String {
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    canvas.text(
        MARGIN,
        36.0,
        Anchor::Start,
        "title",
        "One order with its customer, joined three ways",
    );
    let panel = (WIDTH - 2.0 * MARGIN - GAP) / 2.0;
    let right = MARGIN + panel + GAP;
    let steady = format!("Latency of answers at {}/s, ms: p50 and p99", report.rate);
    bars(&mut canvas, (MARGIN, 70.0, panel), &steady, &latencies(report));
    let most = format!("Answers a second, over {} connections", report.connections);
    bars(&mut canvas, (right, 70.0, panel), &most, &rates(report));
    let behind = "An accepted order shows after, ms: p50 and p99";
    bars(&mut canvas, (MARGIN, 208.0, panel), behind, &orders_shown(report));
    let changed = "A customer's change shows after, ms: p50 and p99";
    bars(&mut canvas, (right, 208.0, panel), changed, &customers_shown(report));
    if let Some(seen) = &report.outage {
        outage(&mut canvas, 346.0, seen);
    }
    canvas.finish()
}

fn latencies(report: &Report) -> Vec<Bar> {
    let bar = |steady: &super::load::Steady| pair(steady.way, &steady.counted);
    report.steady.iter().map(bar).collect()
}

fn rates(report: &Report) -> Vec<Bar> {
    let bar = |most: &super::load::Most| {
        let figure = format!("{:.0}", most.per_second);
        Bar { way: most.way, solid: most.per_second, light: 0.0, figure }
    };
    report.most.iter().map(bar).collect()
}

fn orders_shown(report: &Report) -> Vec<Bar> {
    let behind = report.behind.iter();
    behind.map(|one| pair(one.way, &one.order)).collect()
}

fn customers_shown(report: &Report) -> Vec<Bar> {
    let bar = |one: &super::staleness::Behind| {
        one.customer.as_ref().map_or_else(
            || without_bar(one.way, "as of the order"),
            |counted| pair(one.way, counted),
        )
    };
    report.behind.iter().map(bar).collect()
}

fn without_bar(way: Kind, figure: &str) -> Bar {
    Bar { way, solid: 0.0, light: 0.0, figure: figure.to_owned() }
}

fn pair(way: Kind, counted: &Counted) -> Bar {
    let Some((solid, light)) = counted.p50_ms.zip(counted.p99_ms) else {
        return without_bar(way, "no answer");
    };
    let figure = format!("{} / {}", number(solid), number(light));
    Bar { way, solid, light, figure }
}

/// A panel of bars, all on one scale.
fn bars(canvas: &mut Canvas, (x, y, width): (f64, f64, f64), title: &str, bars: &[Bar]) {
    canvas.text(x, y, Anchor::Start, "heading", title);
    let most = bars.iter().map(|bar| bar.solid.max(bar.light)).fold(0.0, f64::max);
    let room = width - NAMES - FIGURES;
    let length = |value: f64| if most > 0.0 { value / most * room } else { 0.0 };
    for (bar, nth) in bars.iter().zip(0_u8..) {
        let top = y + 14.0 + f64::from(nth) * ROW;
        let class = class(bar.way);
        canvas.text(x, top + 17.0, Anchor::Start, "name", bar.way.name());
        canvas.rect((x + NAMES, top, length(bar.light), 24.0), &format!("{class} light"));
        canvas.rect((x + NAMES, top + 5.0, length(bar.solid), 14.0), class);
        let end = x + NAMES + length(bar.solid.max(bar.light)) + 8.0;
        canvas.text(end, top + 17.0, Anchor::Start, "figure", &bar.figure);
    }
}

const fn class(way: Kind) -> &'static str {
    match way {
        Kind::Composer => "composer",
        Kind::ReadModel => "read-model",
        Kind::Replica => "replica",
    }
}

/// A strip for each way over time, and when the owner was dead.
fn outage(canvas: &mut Canvas, y: f64, outage: &Outage) {
    let title = format!("What is answered while {KILLED} is killed and kept down");
    canvas.text(MARGIN, y, Anchor::Start, "heading", &title);
    for (class, what, x) in
        [("whole", "whole", 0.0), ("partial", "partial", 64.0), ("none", "none", 134.0)]
    {
        let x = WIDTH - MARGIN - FIGURES - 180.0 + x;
        canvas.rect((x, y - 10.0, 10.0, 10.0), class);
        canvas.text(x + 15.0, y, Anchor::Start, "foot", what);
    }
    let (left, width) = (MARGIN + NAMES, WIDTH - 2.0 * MARGIN - NAMES - FIGURES);
    let at = |seconds: f64| left + (seconds / outage.seconds.max(0.001)).min(1.0) * width;
    let strips: f64 = outage.ways.iter().map(|_| 28.0).sum();
    let (dead_from, dead_to) = (at(outage.killed_at_s), at(outage.ready_at_s));
    canvas.rect((dead_from, y + 10.0, dead_to - dead_from, strips + 4.0), "dead");
    for (way, nth) in outage.ways.iter().zip(0_u8..) {
        let top = y + 14.0 + f64::from(nth) * 28.0;
        canvas.text(MARGIN, top + 15.0, Anchor::Start, "name", way.way.name());
        let column = at(outage.slice_seconds) - left;
        strip(canvas, (left, top, column, 20.0), way);
        let available = way.during.available_percent;
        let figure = available.map_or_else(|| "-".to_owned(), |is| format!("{} %", number(is)));
        canvas.text(left + width + 8.0, top + 15.0, Anchor::Start, "figure", &figure);
    }
    let foot = y + strips + 28.0;
    canvas.text(dead_from, foot, Anchor::Start, "foot", "killed");
    let is_seen = outage.ready_at_s <= outage.seconds;
    let end = if is_seen { "ready again" } else { "ready again later" };
    canvas.text(dead_to, foot, Anchor::End, "foot", end);
    canvas.text(left + width + 8.0, foot, Anchor::Start, "foot", "while down");
}

/// Stacked columns of that width, a slice each: whole at the bottom, then partial, then none. A slice
/// in which nothing was asked stays empty.
fn strip(canvas: &mut Canvas, (x, y, column, height): (f64, f64, f64, f64), way: &WayInOutage) {
    for (slice, nth) in way.slices.iter().zip(0_u32..) {
        let Slice { whole, partial, none } = *slice;
        let all = f64::from((whole + partial + none).max(1));
        let mut bottom = y + height;
        for (part, class) in [(whole, "whole"), (partial, "partial"), (none, "none")] {
            let tall = f64::from(part) / all * height;
            bottom -= tall;
            canvas.rect((x + f64::from(nth) * column, bottom, column, tall), class);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn every_way_and_every_figure_is_in_the_picture() {
        let svg = draw(&report());
        for part in
            ["composer", "read model", "replica", "1.5 / 9.75", "4321", "as of the order", "98.5 %"]
        {
            assert!(svg.contains(part), "{part}");
        }
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        assert!(svg.contains("prefers-color-scheme: dark"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn a_slice_is_as_wide_as_the_time_that_it_stands_for() {
        let svg = draw(&report());
        // 0.25 of 15 seconds, of the 662 that the strips are wide.
        assert!(svg.contains(r#"width="11.03" height="20" class="whole""#), "{svg}");
    }

    #[test]
    fn columns_of_a_strip_are_as_tall_as_their_share() {
        let mut canvas = Canvas::new(10.0, 10.0);
        strip(&mut canvas, (0.0, 0.0, 1.0, 20.0), &report().outage.unwrap().ways[0]);
        let svg = canvas.finish();
        assert!(svg.contains(r#"y="0" width="1" height="20" class="whole""#), "{svg}");
        assert!(svg.contains(r#"height="4" class="whole""#), "{svg}");
        assert!(svg.contains(r#"height="0.8" class="none""#), "{svg}");
    }
}
