// The newest orders.
import { byId, calm, h, keyed, pill, setText } from "../dom.js";
import { duration, moment, money, shortId } from "../format.js";
import { customerPath, orderPath } from "../router.js";
import { watch } from "../store.js";
import { toneOf } from "../tones.js";

const SHOWN = 8;

function row(order) {
  return h("tr", {},
    h("td.clip", {}, h("a.row.id", { href: orderPath(order.order_id), title: order.order_id }, shortId(order.order_id))),
    h("td.wide-only.soft.clip", {}, h("a", { href: customerPath(order.customer_id) }, order.customer_name || order.customer_id)),
    h("td"), h("td.number", {}, money(order.total)), h("td.number.soft"));
}

function fill(element, order) {
  const [, , state, , took] = element.children;
  if (state.textContent !== order.state) state.replaceChildren(pill(order.state, toneOf(order.state)));
  setText(took, order.settled ? duration(order.took_us / 1000) : "…");
  took.title = `placed ${moment(order.placed_at)}`;
}

export function startNewest() {
  const heads = [h("th", { scope: "col" }, "Order"), h("th.wide-only", { scope: "col" }, "Customer"), h("th", { scope: "col" }, "State"),
    h("th.number", { scope: "col" }, "Total"), h("th.number", { scope: "col" }, "Took")];
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody"));
  watch(["newest"], ({ newest }) => {
    if (!newest.length) return byId("recent").replaceChildren(calm("No order yet", "Place one, and it appears here"));
    if (!table.isConnected) byId("recent").replaceChildren(table);
    setText(byId("recent-note").firstElementChild, `the last at ${moment(newest[0].placed_at)} ·`);
    keyed(table.tBodies[0], newest.slice(0, SHOWN), (one) => one.order_id, row, fill);
  });
}
