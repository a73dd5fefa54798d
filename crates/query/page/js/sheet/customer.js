// One customer, and the orders, newest first.
import { withCustomer } from "../actions/customers.js";
import { offer } from "../actions/offer.js";
import { placing } from "../actions/orders.js";
import { askAfter } from "../ask.js";
import { calm, h, pill, setText } from "../dom.js";
import { count, moment, money } from "../format.js";
import { isStill, orderPath } from "../router.js";
import { setTitle } from "../title.js";
import { toneOf } from "../tones.js";
import { openSheet } from "./sheet.js";

const PAGE = 25;

export async function showCustomer(id) {
  const address = location.hash;
  openSheet(title(id), h("div.body", {}, calm("Looking it up", "")));
  const body = h("tbody");
  try {
    const page = await askPage(id, null);
    if (!isStill(address)) return;
    append(body, page.items);
    if (page.customer?.name) setTitle(`${page.customer.name} (${id})`);
    openSheet(title(id, page), h("div.body", {}, about(page), deeds(id, page), list(id, body, page)));
  } catch (error) {
    if (isStill(address)) openSheet(title(id), h("div.body", {}, calm(error.title ?? "There is no answer", error.message)));
  }
}

const askPage = (id, cursor) => askAfter(`/customers/${encodeURIComponent(id)}/orders?limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);

function title(id, page) {
  return [h("h2", { id: "sheet-title" }, page?.customer?.name || "Customer", " ", h("span.id", {}, id)),
    page ? h("p.soft", {}, `${count(page.total)} ${page.total === 1 ? "order" : "orders"}`) : null].filter(Boolean);
}

/** An order takes an open customer. */
function deeds(id, { customer }) {
  const again = () => showCustomer(id);
  const orders = customer && !customer.closed ? [placing({ customer: id })] : [];
  return offer([...orders, ...withCustomer(id, customer, again)]);
}

function about({ customer }) {
  if (!customer) return null;
  const { street, city, country } = customer.address;
  const pair = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
  return h("dl.facts", {}, pair("Address", [street, city, country].filter(Boolean).join(", ")),
    pair("Credit limit", money(customer.credit_limit)), pair("Account", customer.closed ? "closed" : "open"));
}

function list(id, body, page) {
  if (!page.items.length) return calm("No order yet");
  const heads = ["Order", "State"].map((text) => h("th", { scope: "col" }, text));
  const numbers = ["Total", "Placed"].map((text) => h("th.number", { scope: "col" }, text));
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads, numbers)), body);
  return h("div", {}, table, page.next ? more(id, body, page.next) : null);
}

function append(body, orders) {
  body.append(...orders.map((order) => h("tr", {},
    h("td.clip", {}, h("a.row.id", { href: orderPath(order.order_id) }, order.order_id)),
    h("td", {}, pill(order.state, toneOf(order.state))),
    h("td.number", {}, money(order.total)), h("td.number.soft", {}, moment(order.placed_at)))));
}

function more(id, body, next) {
  const button = h("button.more", { type: "button" }, "Older orders");
  let cursor = next;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const page = await askPage(id, cursor);
      append(body, page.items);
      cursor = page.next;
      if (!cursor) button.remove();
    } catch (error) {
      setText(button, `${error.message}. Try again`);
    }
    button.disabled = false;
  });
  return button;
}
