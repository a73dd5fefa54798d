// What sells, who buys, and what is about to run out.
import { byId, calm, h, keyed, setText } from "../dom.js";
import { count, money } from "../format.js";
import { customerPath, productPath } from "../router.js";
import { watch } from "../store.js";

const SHOWN = 6;

function leaders(host, pathOf) {
  const heads = [h("th", { scope: "col" }, "Name"), h("th.number", { scope: "col" }, "Units"), h("th.number", { scope: "col" }, "Orders"), h("th.number", { scope: "col" }, "Revenue")];
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody"));
  const row = (one) => h("tr", {}, h("td.clip", {}, h("a.row", { href: pathOf(one.id), title: one.id }, one.name || one.id)), h("td.number.soft"), h("td.number.soft"), h("td.number"));
  const fill = (element, one) => {
    setText(element.children[1], count(one.units));
    setText(element.children[2], count(one.orders));
    setText(element.children[3], money(one));
  };
  return (best) => {
    if (!best?.length) return host.replaceChildren(calm("Nothing was sold yet"));
    if (!table.isConnected) host.replaceChildren(table);
    keyed(table.tBodies[0], best.slice(0, SHOWN), (one) => `${one.currency}/${one.id}`, row, fill);
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
  watch(["top_products"], (s) => products(s.top_products));
  watch(["top_customers"], (s) => customers(s.top_customers));
  watch(["low_stock"], (s) => stock(s.low_stock));
}
