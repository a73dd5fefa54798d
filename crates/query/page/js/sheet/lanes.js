// An order's saga as swimlanes: one lane for each service, a bar from cause to effect, an arrow
// from who caused it, and dashed what is still owed.
//
// Steps take milliseconds and people take minutes, so time is not to scale: each moment has a place
// of its own, the farther from the one before the longer it took, by the logarithm.
import { svg } from "../dom.js";
import { duration, eventName, millis, precise } from "../format.js";
import { choreography, stepOf } from "../graph/panel.js";

const WIDE = { lane: 74, head: 92, top: 34, tail: 120, least: 96, tenfold: 22 };
/** Rather a little narrower than wider than the screen; any narrower, and words would touch. */
const SQUEEZED = 0.8;
const TALL = { lane: 82, head: 34, top: 46, tail: 46, least: 46, tenfold: 7 };

/**
 * `timeline` and `next` of an order, as SVG, as they were after so many events: all keep their places, and what came
 * later is not drawn. `choose(step)` is called for a step that is clicked.
 */
export function lanes(order, width, now, choose, after = order.timeline.length) {
  const tall = width < 680;
  const steps = order.timeline.map(stepFrom);
  const debts = order.next.map((owed) => ({ ...owed, at: millis(owed.since) }));
  const services = servicesOf(steps, debts);
  const measure = { ...(tall ? TALL : WIDE), tall };
  if (tall) measure.lane = Math.max(66, (width - measure.top - 4) / services.length);
  const ruler = rulerOf(steps, debts, now, measure, tall ? 0 : width);
  const isPast = after < steps.length;
  return draw({ steps: steps.slice(0, after), debts: isPast ? [] : debts, services, ruler, measure, now, choose });
}

function stepFrom(moment) {
  return { ...moment, service: moment.type.split(".")[0], at: millis(moment.time), kind: stepOf(moment.type) };
}

function servicesOf(steps, debts) {
  const order = choreography()?.services.map((one) => one.name) ?? [];
  const names = new Set([...steps, ...debts].map((one) => one.service));
  return [...names].sort((a, b) => order.indexOf(a) - order.indexOf(b)).sort((a, b) => (b === steps[0]?.service) - (a === steps[0]?.service));
}

/** The place of each moment, and of now if anything is owed. */
function rulerOf(steps, debts, now, measure, width) {
  const moments = [...new Set(steps.map((step) => step.at))].sort((a, b) => a - b);
  const waits = debts.length > 0;
  const last = Math.max(now, ...debts.map((debt) => debt.at));
  if (waits) moments.push(Math.max(last, moments.at(-1) + 1));
  const gaps = moments.map((at, index) => (index ? measure.least + measure.tenfold * Math.log10(1 + at - moments[index - 1]) : 0));
  const needed = measure.head + 26 + gaps.reduce((sum, gap) => sum + gap, 0) + measure.tail;
  const bendable = needed - measure.head - 26 - measure.tail;
  const stretch = width ? Math.max(SQUEEZED, 1 + (width - needed) / Math.max(1, bendable)) : 1;
  const places = new Map();
  let place = measure.head + 26;
  moments.forEach((at, index) => {
    place += gaps[index] * stretch;
    places.set(at, place);
  });
  const length = Math.max(width, place + measure.tail);
  return { places, length, first: moments[0], moments, waits, of: (at) => places.get(at) ?? nearest(places, at) };
}

function nearest(places, at) {
  let best = null;
  for (const [moment, place] of places) if (moment <= at || best === null) best = place;
  return best;
}

function draw({ steps, debts, services, ruler, measure, now, choose }) {
  const across = (service) => measure.top + measure.lane * (services.indexOf(service) + 0.5);
  const size = measure.top + measure.lane * services.length + 2;
  const xy = (along, side) => (measure.tall ? { x: side, y: along } : { x: along, y: side });
  const pen = { xy, across, ruler, measure, now, choose };
  const [width, height] = measure.tall ? [size, ruler.length] : [ruler.length, size];
  return svg("svg", {
    class: measure.tall ? "lanes tall" : "lanes", width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `The saga in lanes, time not to scale: ${steps.map((step) => `${step.type} after ${precise(step.at - ruler.first)}`).join(", ")}`,
  }, heads(), services.map((service) => lane(service, pen)), ticks(pen),
  steps.map((step) => drawStep(step, steps, pen)), debts.map((debt) => drawDebt(debt, steps, pen, now)),
  steps.map((step) => drawText(step, pen)));
}

function heads() {
  const head = (name) => svg("marker", { id: `to-${name}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto", "data-step": name },
    svg("path", { d: "M0.5 0.8 7 4 0.5 7.2Z" }));
  return svg("defs", {}, ["forward", "refusal", "undo", "owed"].map(head));
}

function lane(service, { xy, across, ruler, measure }) {
  const side = across(service);
  const [from, to] = [xy(measure.head, side), xy(ruler.length, side)];
  const name = measure.tall ? { x: side, y: 16, "text-anchor": "middle" } : { x: 0, y: side + 4 };
  return svg("g", {}, svg("line", { class: "lane", x1: from.x, y1: from.y, x2: to.x, y2: to.y }), svg("text", { class: "lane-name", ...name }, service));
}

function ticks({ xy, ruler, measure, now }) {
  return ruler.moments.map((at, index) => {
    const isNow = ruler.waits && at === now;
    const point = xy(ruler.of(at), measure.tall ? 0 : 14);
    const place = measure.tall ? { x: 0, y: point.y + 4 } : { x: point.x, y: 14, "text-anchor": "middle" };
    const text = index === 0 ? "0" : isNow ? "now" : `+${precise(at - ruler.first)}`;
    return svg("text", { class: "tick", ...place }, text);
  });
}

/** A bar from the cause to the effect, and the arrow from lane to lane at the cause's time. */
function drawStep(step, steps, pen) {
  const cause = causeOf(step, steps);
  const end = pen.xy(pen.ruler.of(step.at), pen.across(step.service));
  const parts = [];
  if (cause) {
    const start = pen.xy(pen.ruler.of(cause.at), pen.across(step.service));
    parts.push(arrow(cause, step, start, pen));
    parts.push(svg("line", { class: "took", "data-step": step.kind, x1: start.x, y1: start.y, x2: end.x, y2: end.y }));
  }
  // A person with a keyboard opens the same event in the table below.
  const choose = () => pen.choose(step);
  parts.push(svg("circle", { class: step.end ? "step end" : "step", "data-step": step.kind, cx: end.x, cy: end.y, r: step.end ? 7 : 5.5, onclick: choose },
    svg("title", {}, `${step.type}: ${step.stream} ${step.sequence}`)));
  return svg("g", {}, parts);
}

function arrow(cause, step, start, pen) {
  const from = pen.xy(pen.ruler.of(cause.at), pen.across(cause.service));
  const near = (a, b, by) => (Math.abs(a - b) < 1 ? a : a + Math.sign(b - a) * by);
  const [x1, y1] = [near(from.x, start.x, 8), near(from.y, start.y, 8)];
  const [x2, y2] = [near(start.x, from.x, 4), near(start.y, from.y, 4)];
  return svg("line", { class: "because", "data-step": step.kind, x1, y1, x2, y2, "marker-end": `url(#to-${step.kind})` });
}

function causeOf(step, steps) {
  const [stream, sequence] = String(step.cause).split("/");
  return steps.find((other) => other.stream === stream && String(other.sequence) === sequence);
}

function drawText(step, { xy, across, ruler, measure }) {
  const { x, y } = xy(ruler.of(step.at), across(step.service));
  const place = measure.tall ? { x, y: y + 18, "text-anchor": "middle" } : { x, y: y - 14, "text-anchor": "middle" };
  const took = step.latency_us === null || step.latency_us === undefined ? null : precise(step.latency_us / 1000);
  const below = measure.tall ? { x, y: y + 30, "text-anchor": "middle" } : { x: x - 7, y: y + 18, "text-anchor": "end" };
  return svg("g", {}, svg("text", { class: "step-name", "data-step": step.kind, ...place }, eventName(step.type)),
    took ? svg("text", { class: "step-took", ...below }, took) : null);
}

function drawDebt(debt, steps, { xy, across, ruler, measure }, now) {
  const side = across(debt.service);
  const begin = Math.min(debt.at, now);
  const from = xy(ruler.of(begin), side);
  const to = xy(ruler.of(ruler.moments.at(-1)), side);
  const name = debt.one_of.map(eventName).join(" or ");
  const text = measure.tall ? { x: to.x, y: to.y + 20, "text-anchor": "middle" } : { x: to.x, y: to.y - 13, "text-anchor": "middle" };
  const cause = [...steps].reverse().find((step) => step.type === debt.because);
  return svg("g", { class: "debt", "data-step": "owed" },
    cause ? arrow({ ...cause, kind: "owed" }, { service: debt.service, kind: "owed" }, from, { xy, across, ruler }) : null,
    svg("line", { class: "owes", x1: from.x, y1: from.y, x2: to.x, y2: to.y }),
    svg("circle", { class: "step owed-step", cx: to.x, cy: to.y, r: 6 }),
    svg("text", { class: "step-name", "data-step": "owed", ...text }, name),
    svg("text", { class: "step-took", ...text, y: measure.tall ? text.y + 12 : to.y + 23 }, waiting(debt, now)));
}

function waiting(debt, now) {
  return debt.at > now ? `in ${duration(debt.at - now)}` : `owed for ${duration(now - debt.at)}`;
}
