// The choreography as SVG elements; `paint` moves what lives in them.
import { h, svg } from "../dom.js";
import { eventName } from "../format.js";
import { ordersOf } from "../reasons.js";
import { ordersPath } from "../router.js";

const DATA = "data-step";

/** From one drop of the flow to the next, as in graph.css. */
const DROPS_PX = 24;

/** Draws a plan: all that does not change with the figures. */
export function draw(plan, stepOf) {
  const lines = plan.lines.map((line) => drawLine(line, stepOf(line.edge.event), plan.tall));
  const boxes = [...plan.boxes].map(([name, box]) => drawBox(name, box, name === plan.hub && plan.tall));
  const copies = plan.copies.map((copy) => svg("path", { class: "copy", d: path(copy.points), "marker-end": "url(#head-copy)" }));
  const root = svg("svg", {
    class: "choreography", width: plan.width, height: plan.height,
    viewBox: `0 0 ${plan.width} ${plan.height}`, role: "group", "aria-label": "The choreography: services, and the events between them",
  }, heads(), copies, lines.map((one) => one.line), boxes.map((one) => one.group), lines.map((one) => one.label));
  return { root, lines, boxes };
}

function heads() {
  const head = (name) => svg("marker", { id: `head-${name}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto", [DATA]: name },
    svg("path", { d: "M0.5 0.8 7 4 0.5 7.2Z" }));
  return svg("defs", {}, ["forward", "refusal", "undo", "copy"].map(head));
}

const path = (points) => points.map(({ x, y }, index) => `${index ? "L" : "M"}${x} ${y}`).join("");

function drawLine({ edge, from, to, label, neighbours }, step, tall) {
  const still = svg("path", { class: "line", [DATA]: step, d: path([from, shortOf(from, to)]), "marker-end": `url(#head-${step})` });
  const flow = drawFlow(from, to, step);
  const name = svg("text", { class: "event", "text-anchor": "middle", y: tall ? 3.5 : -1.5 }, eventName(edge.event));
  const rate = svg("text", { class: "rate", "text-anchor": "middle", y: tall ? 3.5 : 12.5 });
  const half = tall && !neighbours ? { width: 134, height: 20 } : { width: 72, height: 34 };
  if (half.width === 134) {
    name.setAttribute("text-anchor", "end");
    name.setAttribute("x", 8);
    rate.setAttribute("text-anchor", "start");
    rate.setAttribute("x", 15);
  } else {
    name.setAttribute("y", -1.5);
    rate.setAttribute("y", 12.5);
  }
  const plate = svg("rect", { class: "plate", x: -half.width / 2, y: -half.height / 2, width: half.width, height: half.height, rx: 7 });
  const title = svg("title", {}, `${edge.event}: ${edge.to} answers with ${edge.emits.map(eventName).join(" or ")}`);
  const owed = drawOwed(edge, from, to);
  const text = svg("g", { class: "label", [DATA]: step, transform: `translate(${label.x} ${label.y})` }, title, plate, name, rate);
  // An edge leads to the orders that have come so far.
  const link = svg("a", { href: ordersPath(ordersOf(edge.event, step)) }, text, owed.group);
  return { edge, flow, rate, owed, line: svg("g", {}, still, flow), label: link };
}

/** Drops that are moved as a whole, by as far as one is from the next: what moves is not painted anew. */
function drawFlow(from, to, step) {
  const end = shortOf(from, to, DROPS_PX + 2);
  const full = shortOf(from, to);
  const style = { "--x": `${full.x - end.x}px`, "--y": `${full.y - end.y}px` };
  return svg("path", { class: "flow", [DATA]: step, d: path([from, end]), "data-flows": "false", style });
}

/** A little before the end, so that the head touches the box and does not enter it. */
function shortOf(from, to, by = 2) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const share = Math.min(1, by / length);
  return { x: to.x - share * (to.x - from.x), y: to.y - share * (to.y - from.y) };
}

/** How many are waiting at the end of a line. */
function drawOwed(edge, from, to) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const back = Math.min(22, length * 0.2);
  const [x, y] = [to.x - (back * (to.x - from.x)) / length, to.y - (back * (to.y - from.y)) / length];
  const plate = svg("rect", { x: -16, y: -9.5, width: 32, height: 19, rx: 9.5 });
  const number = svg("text", { "text-anchor": "middle", y: 4 });
  const title = svg("title", {}, "");
  const group = svg("g", { class: "owed", transform: `translate(${x} ${y})`, visibility: "hidden" }, title, plate, number);
  return { group, number, plate, title };
}

function drawBox(name, box, upright) {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const shape = svg("rect", { class: "box", x: box.x, y: box.y, width: box.width, height: box.height, rx: 10 });
  const label = svg("text", { class: "name", "text-anchor": "middle", y: -2 }, name);
  const state = svg("text", { class: "state", "text-anchor": "middle", y: 14 });
  const at = upright ? `translate(${x} ${y}) rotate(-90)` : `translate(${x} ${y})`;
  const group = svg("g", { class: "service", "data-health": "unknown" }, shape, svg("g", { transform: at }, label, state));
  return { name, group, state, room: upright ? box.height : box.width };
}

/** A plain table of the same, for those who do not see the picture. */
export function table(rows) {
  const head = h("tr", {}, ["event", "to", "events a second", "owed"].map((text) => h("th", { scope: "col" }, text)));
  const body = rows.map((row) => h("tr", {}, row.map((text) => h("td", {}, text))));
  // A table alone is never narrower than its words.
  return h("div.unseen", {}, h("table", {}, h("caption", {}, "The choreography as a table"), h("thead", {}, head), h("tbody", {}, body)));
}

