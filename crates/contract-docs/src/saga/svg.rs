//! The diagram as SVG. Colours are attributes: a page that takes no inline styles shows them, too.

use protocol::choreography::Choreography;

use super::layout::{self, Band, Card};
use super::machines;

const INK: &str = "#1f2933";
const LINES: &str = "#7b8794";

/// The drawing.
#[must_use]
pub fn drawing(choreography: &Choreography) -> String {
    let layout = layout::of(&machines(choreography));
    let (width, height) = (layout.width, layout.height);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace, Menlo, Consolas, monospace\" \
         font-size=\"11\" fill=\"{INK}\" role=\"img\" aria-label=\"The states inside each service, and what \
         leads from one to the next\">\n\
         <defs><marker id=\"end\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"{LINES}\"/></marker></defs>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    layout.bands.iter().for_each(|band| draw(&mut svg, band));
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, band: &Band) {
    let (x, y) = band.title;
    let service = band.service;
    push_line!(svg, "<text x=\"{x}\" y=\"{y}\" font-size=\"15\">{service}</text>");
    for ((from_x, from_y), (to_x, to_y)) in &band.lines {
        let middle = u32::midpoint(*from_x, *to_x);
        push_line!(
            svg,
            "<path d=\"M{from_x} {from_y}C{middle} {from_y} {middle} {to_y} {to_x} {to_y}\" \
             fill=\"none\" stroke=\"{LINES}\" marker-end=\"url(#end)\"/>"
        );
    }
    band.cards.iter().for_each(|card| draw_card(svg, card));
}

fn draw_card(svg: &mut String, card: &Card) {
    let Card { x, y, width, height, .. } = card;
    let stroke = if card.is_last { 2 } else { 1 };
    push_line!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"5\" fill=\"#f5f7fa\" \
         stroke=\"{INK}\" stroke-width=\"{stroke}\"/>"
    );
    let (title, x, y) = card.title();
    push_line!(svg, "<text x=\"{x}\" y=\"{y}\" font-weight=\"bold\">{title}</text>");
    for (line, x, y) in card.texts() {
        push_line!(svg, "<text x=\"{x}\" y=\"{y}\">{line}</text>");
    }
}

#[cfg(test)]
mod tests {
    use contracts::choreography::MURMURATION;

    use super::*;

    #[test]
    fn no_two_cards_of_a_drawing_overlap_and_each_lies_in_it() {
        let layout = layout::of(&machines(&MURMURATION));
        let cards: Vec<&Card> = layout.bands.iter().flat_map(|band| &band.cards).collect();
        assert!(cards.len() > 20);
        for (nth, one) in cards.iter().enumerate() {
            assert!(one.x + one.width <= layout.width && one.y + one.height <= layout.height);
            for other in &cards[..nth] {
                let beside = one.x >= other.x + other.width || other.x >= one.x + one.width;
                let above = one.y >= other.y + other.height || other.y >= one.y + one.height;
                assert!(beside || above, "{} and {}", one.state, other.state);
            }
        }
    }

    #[test]
    fn the_drawing_shows_what_leads_to_a_state() {
        let svg = drawing(&MURMURATION);
        assert!(svg.contains(">inventory.reserved → payment.charged</text>"), "{svg}");
        assert!(
            svg.contains(">placed, prepared: command cancel → order.cancelled</text>"),
            "{svg}"
        );
    }
}
