// What sells, who buys, and what is about to run out.
import { byId, calm, h, keyed, setText } from "../dom.js";
import { count, money } from "../format.js";
import { customerPath, productPath } from "../router.js";
import { mainCurrency } from "../series.js";
import { watch } from "../store.js";

const SHOWN = 6;
/** Of each currency but the one in which the figures are the largest. */
const SHOWN_OF_OTHERS = 3;

/** Currency by currency, since amounts in two of them have no order. */
function ranked(best, main) {
  const currencies = [...new Set(best.map((one) => one.currency))].sort((a, b) => (b === main) - (a === main) || (a < b ? -1 : 1));
  return currencies.flatMap((currency) => {
    const own = best.filter((one) => one.currency === currency).slice(0, currency === main ? SHOWN : SHOWN_OF_OTHERS);
    return currencies.length > 1 ? [{ heading: currency }, ...own] : own;
  });
}

function leaderRow(one, pathOf) {
  if (one.heading) return h("tr.heading", {}, h("th", { colspan: 4, scope: "colgroup" }, `in ${one.heading}`));
  return h("tr", {}, h("td.clip", {}, h("a.row", { href: pathOf(one.id), title: one.id }, one.name || one.id)), h("td.number.soft"), h("td.number.soft"), h("td.number"));
}

function fillLeader(element, one) {
  if (one.heading) return;
  setText(element.children[1], count(one.units));
  setText(element.children[2], count(one.orders));
  setText(element.children[3], money(one));
}

function leaders(host, pathOf) {
  const heads = [h("th", { scope: "col" }, "Name"), h("th.number", { scope: "col" }, "Units"), h("th.number", { scope: "col" }, "Orders"), h("th.number", { scope: "col" }, "Revenue")];
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody"));
  return (best, main) => {
    if (!best?.length) return host.replaceChildren(calm("Nothing was sold yet"));
    if (!table.isConnected) host.replaceChildren(table);
    keyed(table.tBodies[0], ranked(best, main), (one) => one.heading ?? `${one.currency}/${one.id}`, (one) => leaderRow(one, pathOf), fillLeader);
  };
}

function lowStock(host) {
  const heads = [h("th", { scope: "col" }, "Product"), h("th.number", { scope: "col" }, "Free"), h("th.number", { scope: "col" }, "Reserved"), h("th.number", { scope: "col" }, "On hand")];
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody"));
  const row = (one) => h("tr", {}, h("td.clip", {}, h("a.row", { href: productPath(one.sku), title: one.sku }, one.name ?? one.sku)), h("td.number"), h("td.number.soft"), h("td.number.soft"));
  const fill = (element, one) => {
    element.children[1].replaceChildren(h("b", {}, count(one.available)));
    setText(element.children[2], count(one.reserved));
    setText(element.children[3], count(one.on_hand));
  };
  return (low) => {
    const shown = (low?.fewest ?? []).filter((one) => !one.discontinued);
    setText(byId("stock-note"), low ? `${count(low.at_most_units)} units or fewer` : "");
    if (!shown.length) return host.replaceChildren(calm("Nothing runs low"));
    if (!table.isConnected) host.replaceChildren(table);
    keyed(table.tBodies[0], shown.slice(0, SHOWN), (one) => one.sku, row, fill);
  };
}

export function startLeaders() {
  const products = leaders(byId("products"), productPath);
  const customers = leaders(byId("customers"), customerPath);
  const stock = lowStock(byId("stock"));
  watch(["top_products", "orders"], (s) => products(s.top_products, mainCurrency(s)));
  watch(["top_customers", "orders"], (s) => customers(s.top_customers, mainCurrency(s)));
  watch(["low_stock"], (s) => stock(s.low_stock));
}
