//! SVG text: rectangles and words, with a style sheet for both colour schemes.

/// Colours as variables, so that the dark scheme changes only these.
const STYLE: &str = "
  svg { --card: #ffffff; --ink: #1f2328; --soft: #59636e; --dead: #eaeef2;
        --composer: #8250df; --read-model: #0969da; --replica: #1a7f37;
        --partial: #d4a72c; --none: #cf222e; }
  @media (prefers-color-scheme: dark) {
    svg { --card: #0d1117; --ink: #e6edf3; --soft: #9198a1; --dead: #21262d;
          --composer: #ab7df8; --read-model: #4493f8; --replica: #3fb950;
          --partial: #e3b341; --none: #f85149; }
  }
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: var(--ink); }
  .title { font-size: 17px; font-weight: 600; }
  .heading { font-weight: 600; }
  .figure, .foot { fill: var(--soft); font-variant-numeric: tabular-nums; }
  .foot { font-size: 11px; }
  .card { fill: var(--card); }
  .composer { fill: var(--composer); }
  .read-model { fill: var(--read-model); }
  .replica { fill: var(--replica); }
  .light { opacity: 0.3; }
  .dead { fill: var(--dead); }
  .whole, .partial, .none { shape-rendering: crispEdges; }
  .whole { fill: var(--replica); }
  .partial { fill: var(--partial); }
  .none { fill: var(--none); }
";

/// To which side of its place a text stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    /// It begins there.
    Start,
    /// It ends there.
    End,
}

/// A picture that is being drawn.
#[derive(Debug)]
pub(crate) struct Canvas(String);

impl Canvas {
    /// An empty card.
    pub(crate) fn new(width: f64, height: f64) -> Self {
        let mut canvas = Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" \
             aria-label=\"Three ways to join, compared\">\n<style>{STYLE}</style>\n"
        ));
        canvas.rect((0.0, 0.0, width, height), "card");
        canvas
    }

    /// A rectangle: left, top, width, height.
    pub(crate) fn rect(&mut self, (x, y, width, height): (f64, f64, f64, f64), class: &str) {
        if width <= 0.0 || height <= 0.0 {
            return;
        }
        let [x, y, width, height] = [x, y, width, height].map(number);
        let line = format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" class=\"{class}\"/>\n"
        );
        self.0.push_str(&line);
    }

    /// A line of text on this base line. What is written are names and figures of ours, with
    /// nothing to escape.
    pub(crate) fn text(&mut self, x: f64, y: f64, anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::End => "end",
        };
        let [x, y] = [x, y].map(number);
        let line = format!(
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" class=\"{class}\">{text}</text>\n"
        );
        self.0.push_str(&line);
    }

    /// The picture.
    pub(crate) fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}

/// A figure with at most two decimals, and none that are zero.
pub(crate) fn number(value: f64) -> String {
    format!("{value:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_no_more_digits_than_they_need() {
        assert_eq!([0.0, 20.0, 1.5, 9.756, 100.0].map(number), ["0", "20", "1.5", "9.76", "100"]);
    }

    #[test]
    fn what_has_no_extent_is_not_drawn() {
        let mut canvas = Canvas::new(1.0, 1.0);
        canvas.rect((0.0, 0.0, 0.0, 5.0), "unseen");
        assert!(!canvas.finish().contains("unseen"));
    }
}
