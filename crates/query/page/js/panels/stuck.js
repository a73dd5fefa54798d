// Orders that take too long: who owes which event, and since when.
import { becalm, byId, h, keyed, pill, setText } from "../dom.js";
import { clockTime, count, duration, eventName, money, shortId } from "../format.js";
import { asOf, isFresh, isPartial } from "../health.js";
import { orderPath } from "../router.js";
import { known, watch } from "../store.js";
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

function note({ stuck, stuck_after_ms: bound, in_flight: open }) {
  if (!stuck) return `for over ${duration(bound)}`;
  return `${count(stuck)} of ${count(open)} not settled, for over ${duration(bound)}${stuck > SHOWN ? `; the oldest ${SHOWN}` : ""}`;
}

function none(s, open) {
  if (isPartial(s)) return becalm(byId("stuck"), "No stuck order so far", "The read model is being rebuilt");
  if (!isFresh(s)) return becalm(byId("stuck"), "No order was stuck", `As of ${clockTime(asOf(s))}`);
  return becalm(byId("stuck"), "No order is stuck", open ? `${count(open)} not settled` : "Every order is settled");
}

function paint(s, table) {
  if (!s.sagas) return;
  const { oldest_stuck: oldest, in_flight: open } = s.sagas;
  setText(byId("stuck-note"), note(s.sagas));
  if (!oldest.length) return none(s, open);
  if (!table.isConnected) byId("stuck").replaceChildren(table);
  keyed(table.tBodies[0], oldest.slice(0, SHOWN), (one) => one.order_id, row, fill);
}

export function startStuck() {
  const heads = [h("th", { scope: "col" }, "Order"), h("th.wide-only", { scope: "col" }, "State"), h("th", { scope: "col" }, "Who owes what")];
  const numbers = [h("th.number", { scope: "col" }, "Since"), h("th.number.wide-only", { scope: "col" }, "Total")];
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads, numbers)), h("tbody"));
  watch(["at", "lost"], () => paint(known, table));
}
