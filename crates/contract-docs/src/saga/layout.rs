//! Where each state stands: in a band for its service, as far to the right as the longest way to it. A
//! state is a card that also says by what it is come to, so that no label lies on a line.

use protocol::Service;
use protocol::choreography::{NONE, State};

use super::Machine;

/// Width of a character of a card's lines, at most.
const CHARACTER: u32 = 7;
const LINE: u32 = 16;
const PADDING: u32 = 10;
/// Room for the lines between two columns, and between two cards above each other.
const BETWEEN_COLUMNS: u32 = 60;
const BETWEEN_CARDS: u32 = 14;
const TITLE: u32 = 34;
const BETWEEN_BANDS: u32 = 26;
const MARGIN: u32 = 16;

/// The whole drawing.
pub(super) struct Layout {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bands: Vec<Band>,
}

/// One service.
pub(super) struct Band {
    pub(super) service: Service,
    pub(super) title: (u32, u32),
    pub(super) cards: Vec<Card>,
    /// From the right edge of one card to the left edge of another.
    pub(super) lines: Vec<((u32, u32), (u32, u32))>,
}

/// One state.
pub(super) struct Card {
    pub(super) state: State,
    pub(super) is_last: bool,
    pub(super) lines: Vec<String>,
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Lays the machines out below each other.
pub(super) fn of(machines: &[Machine]) -> Layout {
    let (mut width, mut y) = (0, MARGIN);
    let mut bands = Vec::new();
    for machine in machines {
        let (band, size) = band(machine, y);
        width = width.max(size.0);
        y += size.1 + BETWEEN_BANDS;
        bands.push(band);
    }
    Layout { width: width + MARGIN, height: y - BETWEEN_BANDS + MARGIN, bands }
}

/// The band, its right edge and its height.
fn band(machine: &Machine, top: u32) -> (Band, (u32, u32)) {
    let depths = depths(machine);
    let columns = depths.iter().max().map_or(0, |deepest| deepest + 1);
    let (mut x, mut lowest) = (MARGIN, top + TITLE);
    let mut cards: Vec<Card> = Vec::new();
    for column in 0..columns {
        let mut y = top + TITLE;
        let first = cards.len();
        let states = machine.states.iter().zip(&depths).filter(|(_, depth)| **depth == column);
        for (state, _) in states {
            let card = card(machine, state, x, y);
            y += card.height + BETWEEN_CARDS;
            cards.push(card);
        }
        let width = cards[first..].iter().map(|card| card.width).max().unwrap_or(0);
        cards[first..].iter_mut().for_each(|card| card.width = width);
        x += width + BETWEEN_COLUMNS;
        lowest = lowest.max(y - BETWEEN_CARDS);
    }
    let lines = lines(machine, &cards);
    let title = (MARGIN, top + LINE);
    (Band { service: machine.service, title, cards, lines }, (x - BETWEEN_COLUMNS, lowest - top))
}

/// For each state, the length of the longest way to it.
fn depths(machine: &Machine) -> Vec<usize> {
    let place = |state: State| machine.states.iter().position(|other| *other == state);
    let mut depths = vec![0; machine.states.len()];
    // No way without a circle is longer than there are states.
    for _ in 0..machine.states.len() {
        for way in machine.ways.iter().filter(|way| way.from != way.to) {
            if let (Some(from), Some(to)) = (place(way.from), place(way.to)) {
                depths[to] = depths[to].max(depths[from] + 1).min(machine.states.len());
            }
        }
    }
    depths
}

fn card(machine: &Machine, state: State, x: u32, y: u32) -> Card {
    let lines = labels(machine, state);
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let longest = longest.max(title(state).chars().count() + 1);
    Card {
        state,
        is_last: machine.is_last(state),
        x,
        y,
        width: number(longest) * CHARACTER + 2 * PADDING,
        height: LINE * (1 + number(lines.len())) + PADDING,
        lines,
    }
}

/// By what a state is come to; from where, too, if that is not the same for all.
fn labels(machine: &Machine, state: State) -> Vec<String> {
    let ways = machine.ways.iter().filter(|way| way.to == state);
    let mut labels: Vec<(&str, Vec<State>)> = Vec::new();
    for (label, from) in ways.flat_map(|way| way.labels.iter().map(|label| (label, way.from))) {
        match labels.iter_mut().find(|(same, _)| same == label) {
            Some((_, states)) => states.push(from),
            None => labels.push((label, vec![from])),
        }
    }
    let is_same = labels.windows(2).all(|pair| pair[0].1 == pair[1].1);
    let text = |(label, states): (&str, Vec<State>)| {
        if is_same && states.len() < 2 {
            label.to_owned()
        } else {
            format!("{}: {label}", states.join(", "))
        }
    };
    labels.into_iter().map(text).collect()
}

fn lines(machine: &Machine, cards: &[Card]) -> Vec<((u32, u32), (u32, u32))> {
    let card = |state: State| cards.iter().find(|card| card.state == state);
    let ways = machine.ways.iter().filter(|way| way.from != way.to);
    let line = |way: &super::Way| {
        let (from, to) = (card(way.from)?, card(way.to)?);
        let end = (from.x + from.width, from.y + from.height / 2);
        Some((end, (to.x, to.y + to.height / 2)))
    };
    ways.filter_map(line).collect()
}

fn title(state: State) -> &'static str {
    if state == NONE { "nothing yet" } else { state }
}

/// Sizes of texts are far below what fits.
fn number(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX / 1024)
}

impl Card {
    /// What stands in it in bold, and where.
    pub(super) fn title(&self) -> (&'static str, u32, u32) {
        (title(self.state), self.x + PADDING, self.y + LINE)
    }

    /// The lines below, and where each stands.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, u32, u32)> {
        let places = (2..).map(|nth| (self.x + PADDING, self.y + nth * LINE));
        self.lines.iter().zip(places).map(|(line, (x, y))| (line.as_str(), x, y))
    }
}
