// One order: its saga in lanes, its facts, every event, and the answer as it came.
import { isActing, offer } from "../actions/offer.js";
import { cancelling } from "../actions/orders.js";
import { askAfter } from "../ask.js";
import { calm, h, pill } from "../dom.js";
import { print } from "../exact.js";
import { count, millis, moment, money, precise, words } from "../format.js";
import { stepOf } from "../graph/panel.js";
import { asOf } from "../health.js";
import { owes } from "../panels/stuck.js";
import { customerPath, isStill, productPath } from "../router.js";
import { known } from "../store.js";
import { toneOf } from "../tones.js";
import { toggle, withContent } from "./content.js";
import { lanes } from "./lanes.js";
import { happensNext } from "./next.js";
import { isHeld, openSheet } from "./sheet.js";
import { shownAfter, travel } from "./travel.js";

/** What the picture would otherwise seem to say. */
const SCALE = "Time is not to scale: steps are placed by the logarithm of the time between them.";

/** Of the table of events. */
const COLUMNS = 5;

export async function showOrder(id) {
  openSheet(title(id), h("div.body", {}, calm("Looking it up", "")));
  await load(id);
}

async function load(id) {
  const address = location.hash;
  try {
    const path = `/orders/${encodeURIComponent(id)}`;
    const order = await askAfter(path);
    // What happened meanwhile is told by the next look.
    const next = order.settled ? null : await askAfter(`${path}/next`).catch(() => null);
    if (isStill(address) && !isActing() && !isHeld()) paint(order, next);
  } catch (error) {
    if (isStill(address)) openSheet(title(id), h("div.body", {}, calm(error.title ?? "There is no answer", error.message)), () => load(id));
  }
}

const title = (id, ...more) => [h("h2", { id: "sheet-title" }, "Order ", h("span.id", {}, id)), ...more];

function paint(order, next) {
  const open = Boolean(document.querySelector("#sheet details.raw[open]"));
  const sheet = document.getElementById("sheet");
  const scrolled = sheet.firstElementChild?.scrollTop ?? 0;
  const heading = title(order.order_id, pill(order.state, toneOf(order.state)), h("p.soft", {}, summary(order)));
  const picture = h("div.saga", { tabindex: 0, role: "group", "aria-label": "The saga in lanes" });
  const draw = () => picture.replaceChildren(lanes(order, picture.clientWidth, asOf(known) || Date.now(), toggle, shownAfter(order)));
  const body = h("div.body", {}, h("p.scale", {}, SCALE), picture, h("p.hint", {}, hint(order)), travel(order, draw), happensNext(next, asOf(known) || Date.now()), deeds(order), facts(order), events(order), raw(order, open));
  openSheet(heading, body, order.settled ? null : () => load(order.order_id));
  draw();
  sheet.firstElementChild.scrollTop = scrolled;
}

const deeds = (order) => offer(cancelling(order, () => load(order.order_id)));

function summary(order) {
  const reason = order.end?.reason ? `, ${words(order.end.reason)}` : "";
  return `${money(order.total)} for ${order.customer.name || order.customer.id}, placed ${moment(order.placed_at)}${reason}`;
}

function hint(order) {
  const owed = order.next.map(owes).join("; ");
  if (owed) return `Not settled: ${owed}.`;
  const undone = order.timeline.filter((step) => step.compensation || stepOf(step.type) === "undo").length;
  const all = `${count(order.timeline.length)} events in ${precise(whole(order))}`;
  return undone ? `Settled: ${all}, ${count(undone)} of them to undo what had been done.` : `Settled: ${all}.`;
}

/** From placed to the last event: the same figure as the last row's and the last tick's. */
function whole(order) {
  return Math.max(0, ...order.timeline.map((step) => millis(step.time) - millis(order.placed_at)));
}

function fact(name, ...value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, ...value));
}

function facts(order) {
  const { customer, stock, payment, shipment } = order;
  const address = customer.address;
  const where = [address?.street, address?.city, address?.country].filter(Boolean).join(", ");
  const lines = order.lines.map((line) => h("li", {}, `${count(line.quantity)} × `, h("a", { href: productPath(line.sku) }, line.name), h("span.faint", {}, ` at ${money(line.unit_price)}`)));
  return h("dl.facts", {},
    fact("Customer", h("a", { href: customerPath(customer.id) }, customer.name || customer.id), where ? h("span.faint", {}, ` ${where}`) : null),
    fact("Lines", h("ul", {}, lines)),
    fact("Stock", words(stock.state), stock.shortages.length ? `: ${stock.shortages.map((one) => `${one.sku} is short`).join(", ")}` : ""),
    fact("Payment", paid(payment)),
    fact("Shipment", words(shipment.state), shipment.cancelled ? `: ${words(shipment.cancelled)}` : ""),
    order.hand_over_until && !order.end ? fact("Window until", moment(order.hand_over_until)) : fact("Business day", order.business_date));
}

function paid({ state, charged, refunded, declined }) {
  if (declined) return `declined: ${words(declined.reason)}`;
  if (!charged) return words(state);
  return refunded ? `charged ${money(charged)}, refunded ${money(refunded)}` : `charged ${money(charged)}`;
}

function events(order) {
  const heads = ["Event", "Because of"].map((text) => h("th", { scope: "col" }, text));
  const numbers = [h("th.number", { scope: "col" }, "After"), h("th.number.wide-only", { scope: "col" }, "Took"), h("th.number.wide-only", { scope: "col" }, "Row")];
  const start = millis(order.placed_at);
  const rows = order.timeline.flatMap((step) => withContent(step, COLUMNS, (opener) => h("tr", {},
    h("td", {}, h("span.dot", { "data-step": stepOf(step.type) }), opener),
    h("td.soft", {}, because(step)),
    h("td.number", {}, `+${precise(Math.max(0, millis(step.time) - start))}`),
    h("td.number.soft.wide-only", {}, step.latency_us === null || step.latency_us === undefined ? "–" : precise(step.latency_us / 1000)),
    h("td.number.faint.wide-only", {}, `${step.stream} ${step.sequence}`))));
  return h("table", {}, h("caption.unseen", {}, "All events of the order"), h("thead", {}, h("tr", {}, heads, numbers)), h("tbody", {}, rows));
}

const because = (step) => (step.caused_by ?? String(step.cause)).replace("command/", "command ").replace("timer/", "timer ");

function raw(order, open) {
  return h("details.raw", { open }, h("summary", {}, "The answer as JSON"), h("pre", { tabindex: 0, role: "group", "aria-label": "The answer as JSON" }, print(order)));
}
