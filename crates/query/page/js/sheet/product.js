// One product: what it has brought in, month by month, and what is left of it.
import { offer } from "../actions/offer.js";
import { placing } from "../actions/orders.js";
import { withProduct } from "../actions/products.js";
import { askAfter } from "../ask.js";
import { calm, h } from "../dom.js";
import { count, money, moneys } from "../format.js";
import { isStill } from "../router.js";
import { setTitle } from "../title.js";
import { openSheet } from "./sheet.js";

export async function showProduct(sku) {
  const address = location.hash;
  openSheet(title(sku), h("div.body", {}, calm("Looking it up", "")));
  try {
    const product = await askAfter(`/products/${encodeURIComponent(sku)}/sales`);
    if (!isStill(address)) return;
    setTitle(`${product.product?.name ?? product.sold_as ?? "Product"} (${sku})`);
    openSheet(title(sku, product), h("div.body", {}, facts(product), deeds(sku, product), months(product)));
  } catch (error) {
    if (isStill(address)) openSheet(title(sku), h("div.body", {}, calm(error.title ?? "There is no answer", error.message)));
  }
}

function title(sku, product) {
  const name = product?.product?.name ?? product?.sold_as ?? "Product";
  const gone = product?.product?.discontinued ? h("p.soft", {}, "no longer sold") : null;
  return [h("h2", { id: "sheet-title" }, name, " ", h("span.id", {}, sku)), gone].filter(Boolean);
}

/** An order takes a product that is sold. */
function deeds(sku, { product }) {
  const orders = product && !product.discontinued ? [placing({ sku })] : [];
  return offer([...orders, ...withProduct(sku, product, () => showProduct(sku))]);
}

function facts({ product, stock, total }) {
  const pair = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
  const units = total.reduce((sum, one) => sum + one.units, 0);
  return h("dl.facts", {}, pair("Price", money(product?.price)), pair("Revenue", moneys(total)), pair("Units sold", count(units)),
    pair("On hand", stock ? count(stock.on_hand) : "–"), pair("Reserved", stock ? count(stock.reserved) : "–"), pair("Free", stock ? count(stock.available) : "–"));
}

function months({ months: all }) {
  if (!all.length) return calm("Nothing was sold yet");
  const heads = [h("th", { scope: "col" }, "Month"), ...["Orders", "Units", "Revenue"].map((text) => h("th.number", { scope: "col" }, text))];
  const sum = (sales, name) => count(sales.reduce((sums, one) => sums + one[name], 0));
  const rows = all.map(({ month, sales }) => h("tr", {}, h("td", {}, month), h("td.number", {}, sum(sales, "orders")), h("td.number", {}, sum(sales, "units")), h("td.number", {}, moneys(sales))));
  return h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows));
}
