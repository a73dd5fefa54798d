// What sells, who buys, and what is about to run out.
import { becalm, byId, calm, h, keyed, setText } from "../dom.js";
import { count, many, money } from "../format.js";
import { isFresh } from "../health.js";
import { customerPath, productPath } from "../router.js";
import { mainCurrency } from "../series.js";
import { known, watch } from "../store.js";

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

/** How many are shown, where there may be more. */
function firstOf(best, main) {
  const others = best.some((one) => one.currency !== main);
  const of = (currency) => best.filter((one) => one.currency === currency).length;
  const cut = best.some(({ currency }) => of(currency) > (currency === main ? SHOWN : SHOWN_OF_OTHERS));
  if (!cut) return "";
  return others ? `the first ${SHOWN}, in other currencies ${SHOWN_OF_OTHERS}` : `the first ${SHOWN}`;
}

function leaders(host, note, pathOf) {
  const heads = [h("th", { scope: "col" }, "Name"), h("th.number", { scope: "col" }, "Units"), h("th.number", { scope: "col" }, "Orders"), h("th.number", { scope: "col" }, "Revenue")];
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody"));
  return (best, main) => {
    setText(note, firstOf(best ?? [], main));
    if (!best?.length) return host.replaceChildren(calm("Nothing was sold yet"));
    if (!table.isConnected) host.replaceChildren(table);
    keyed(table.tBodies[0], ranked(best, main), (one) => one.heading ?? `${one.currency}/${one.id}`, (one) => leaderRow(one, pathOf), fillLeader);
  };
}

/** Products that are no longer sold are counted by the service, and not shown. */
function lowNote({ products, at_most_units: most, fewest }, shown) {
  const units = `${count(most)} units or fewer`;
  const known = products <= fewest.length;
  const all = known ? shown.length : products;
  if (all <= Math.min(SHOWN, shown.length)) return units;
  return `the first ${Math.min(SHOWN, shown.length)} of ${many(all, "product")}${known ? "" : ", also some no longer sold"}, ${units}`;
}

/** In the tense of the figures. */
function nothingLow(host, { products, fewest }) {
  const now = isFresh(known);
  if (products > fewest.length) return becalm(host, `Those with fewest units ${now ? "are" : "were"} no longer sold`);
  becalm(host, now ? "Nothing runs low" : "Nothing ran low");
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
    if (!low) return;
    const shown = low.fewest.filter((one) => !one.discontinued);
    setText(byId("stock-note"), lowNote(low, shown));
    if (!shown.length) return nothingLow(host, low);
    if (!table.isConnected) host.replaceChildren(table);
    keyed(table.tBodies[0], shown.slice(0, SHOWN), (one) => one.sku, row, fill);
  };
}

export function startLeaders() {
  const products = leaders(byId("products"), byId("products-note"), productPath);
  const customers = leaders(byId("customers"), byId("customers-note"), customerPath);
  const stock = lowStock(byId("stock"));
  watch(["top_products", "orders"], (s) => products(s.top_products, mainCurrency(s)));
  watch(["top_customers", "orders"], (s) => customers(s.top_customers, mainCurrency(s)));
  watch(["at", "lost"], (s) => stock(s.low_stock));
}
