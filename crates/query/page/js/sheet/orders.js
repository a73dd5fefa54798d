// All orders, filtered, a page at a time. The address says which: it can be sent, and Back works.
import { ask } from "../ask.js";
import { calm, h, pill, setText } from "../dom.js";
import { clockTime, duration, many, millis, moment, money } from "../format.js";
import { REASONS } from "../reasons.js";
import { customerPath, go, isStill, orderPath, ordersPath } from "../router.js";
import { toneOf } from "../tones.js";
import { filterForm, readAddress } from "./filters.js";
import { listIsBehind, openSheet } from "./sheet.js";

const PAGE = 50;

export async function showOrders() {
  const address = location.hash.slice(1);
  const { filters, cursor } = readAddress(address);
  listIsBehind(address);
  const found = h("div.found-orders", { "aria-live": "polite" }, calm("Looking them up", ""));
  const note = h("p.soft", {}, "newest first");
  const form = filterForm(filters, (chosen) => go(ordersPath(chosen).slice(1)));
  openSheet([h("h2", { id: "sheet-title" }, "Orders"), note], h("div.body", {}, form, found));
  try {
    const page = await ask(`/orders?${queryOf(filters, cursor)}`);
    if (!isStill(`#${address}`)) return;
    setText(note, noteOf(page));
    found.replaceChildren(...list(page, filters, cursor));
  } catch (error) {
    if (isStill(`#${address}`)) found.replaceChildren(calm(error.title ?? "There is no answer", error.message));
  }
}

function queryOf(filters, cursor) {
  const named = Object.entries({ ...filters, cursor }).filter(([, value]) => value);
  return new URLSearchParams([...named, ["limit", PAGE]]).toString();
}

/** A list is of the streams as far as they were read. */
function noteOf({ freshness, items }) {
  const found = items.length ? `${many(items.length, "order")} on this page` : "none";
  if (freshness.state === "following") return `${found}, newest first, as of ${clockTime(Date.now())}`;
  return `${found} so far: the streams are being read, ${many(freshness.behind, "event")} to go`;
}

function list({ items, next }, filters, cursor) {
  if (!items.length) return [calm("No order is like that", "Leave out a filter, or show all orders")];
  const heads = [h("th", { scope: "col" }, "Order"), h("th.wide-only", { scope: "col" }, "Customer"), h("th", { scope: "col" }, "State"),
    h("th.wide-only", { scope: "col" }, "Because"), h("th.number", { scope: "col" }, "Total"), h("th.number.wide-only", { scope: "col" }, "Placed"), h("th.number.wide-only", { scope: "col" }, "Age")];
  const table = h("table", {}, h("caption.unseen", {}, "Orders, newest first"), h("thead", {}, h("tr", {}, heads)), h("tbody", {}, items.map(row)));
  const to = (words, at) => h("a.more", { href: ordersPath({ ...filters, cursor: at }) }, words);
  const pages = [cursor ? to("Newest orders", null) : null, next ? to("Older orders", next) : null].filter(Boolean);
  return [table, ...(pages.length ? [h("nav.pages", { "aria-label": "Pages of orders" }, pages)] : [])];
}

function row(order) {
  const age = Date.now() - millis(order.placed_at);
  return h("tr", {},
    h("td.clip", {}, h("a.row.id", { href: orderPath(order.order_id), title: order.order_id }, order.order_id)),
    h("td.wide-only.soft.clip", {}, h("a", { href: customerPath(order.customer_id) }, order.customer_name || order.customer_id)),
    h("td", {}, pill(order.state, toneOf(order.state))),
    h("td.wide-only.soft", {}, order.reason ? REASONS[order.reason]?.words ?? order.reason : "–"),
    h("td.number", {}, money(order.total)),
    h("td.number.wide-only.soft", {}, moment(order.placed_at)),
    h("td.number.wide-only.soft", {}, duration(Math.max(0, Math.floor(age / 1000) * 1000))));
}
