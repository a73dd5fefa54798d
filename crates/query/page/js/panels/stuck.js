// Orders that take too long: who owes which event, and since when.
import { byId, calm, h, keyed, pill, setText } from "../dom.js";
import { count, duration, eventName, money, shortId } from "../format.js";
import { orderPath } from "../router.js";
import { watch } from "../store.js";
import { toneOf } from "../tones.js";

const SHOWN = 8;

/** `payment owes charged or declined` */
export function owes({ service, one_of: kinds }) {
  return `${service} owes ${kinds.map(eventName).join(" or ")}`;
}

function row(stuck) {
  return h("tr", {},
    h("td.clip", {}, h("a.row.id", { href: orderPath(stuck.order_id), title: stuck.order_id }, shortId(stuck.order_id))),
    h("td.wide-only"), h("td"), h("td.number"), h("td.number.wide-only.soft", {}, money(stuck.total)));
}

function fill(element, stuck) {
  const [, state, next, age] = element.children;
  if (state.textContent !== stuck.state) state.replaceChildren(pill(stuck.state, toneOf(stuck.state)));
  setText(next, stuck.next.map(owes).join("; ") || "nobody owes anything");
  setText(age, duration(Math.floor(stuck.for_ms / 1000) * 1000));
}

function paint(s, table) {
  const { stuck, oldest_stuck: oldest, stuck_after_ms: bound, in_flight: flying } = s.sagas;
  setText(byId("stuck-note"), stuck ? `${count(stuck)} of ${count(flying)} in flight, for over ${duration(bound)}` : `for over ${duration(bound)}`);
  if (!oldest.length) {
    byId("stuck").replaceChildren(calm("No order is stuck", flying ? `${count(flying)} in flight` : "Every order has come to its end"));
    return;
  }
  if (!table.isConnected) byId("stuck").replaceChildren(table);
  keyed(table.tBodies[0], oldest.slice(0, SHOWN), (one) => one.order_id, row, fill);
}

export function startStuck() {
  const heads = [h("th", { scope: "col" }, "Order"), h("th.wide-only", { scope: "col" }, "State"), h("th", { scope: "col" }, "Who owes what")];
  const numbers = [h("th.number", { scope: "col" }, "Since"), h("th.number.wide-only", { scope: "col" }, "Total")];
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads, numbers)), h("tbody"));
  watch(["sagas"], (s) => paint(s, table));
}
