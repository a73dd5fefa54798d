// What can be done with products and their stock.
import { money as amount } from "../format.js";
import { go, productPath } from "../router.js";
import { money, text, whole } from "./field.js";
import { form } from "./form.js";
import { command, newKey, readFrom } from "./owners.js";

const WRONGS = { "product-exists": "sku", "negative-price": "price", "unknown-currency": "price", "amount-too-large": "price" };

const pathOf = (sku) => `/products/${encodeURIComponent(sku)}`;

const fieldsOf = (product) => [
  text("name", "Name", { value: product?.name, required: true }),
  money("price", "Price", { value: product?.price }),
];

export function listForm() {
  const key = newKey();
  return form({
    title: "List a product", button: "List", wrongs: WRONGS,
    fields: [text("sku", "SKU", { required: true, hint: "Letters, digits, - and _." }), ...fieldsOf(null)],
    submit: async (product) => {
      const listed = await command("product", "POST", "/products", product, { key });
      go(productPath(listed.sku).slice(1));
    },
  });
}

/** Changes one, if it still is as it was read here. */
async function changeForm(sku, leave, done) {
  let { body: product, tag } = await readFrom("product", pathOf(sku));
  return form({
    title: `Change product ${sku}`, text: "Orders keep the price that they were placed with.", button: "Change", leave, wrongs: WRONGS, fields: fieldsOf(product),
    submit: async (values) => {
      try {
        await command("product", "PUT", pathOf(sku), values, { tag });
      } catch (error) {
        if (error.status === 412) {
          ({ body: product, tag } = await readFrom("product", pathOf(sku)));
          error.now = `${product.name} for ${amount(product.price)}`;
        }
        throw error;
      }
      leave();
      done();
    },
  });
}

function stockForm(sku, leave, done) {
  const key = newKey();
  return form({
    title: `Goods of ${sku} come in`, button: "Take them in", leave,
    fields: [whole("quantity", "Units", { required: true, min: 1 })],
    submit: async ({ quantity }) => {
      await command("inventory", "POST", `/stock/${encodeURIComponent(sku)}`, { quantity }, { key });
      leave();
      done();
    },
  });
}

function discontinueForm(sku, leave, done) {
  const key = newKey();
  return form({
    title: `Discontinue product ${sku}`, text: "It is no longer sold. That cannot be undone.", button: "Discontinue this product", tone: "bad", leave,
    submit: async () => {
      await command("product", "POST", `${pathOf(sku)}/discontinue`, null, { key });
      leave();
      done();
    },
  });
}

/** All that can be done with one. */
export function withProduct(sku, product, done) {
  const sold = product && !product.discontinued;
  return [
    { label: "Goods come in", scope: "write", service: "inventory", open: (leave) => stockForm(sku, leave, done) },
    sold ? { label: "Change", scope: "price", service: "product", open: (leave) => changeForm(sku, leave, done) } : null,
    sold ? { label: "Discontinue", tone: "bad", scope: "price", service: "product", open: (leave) => discontinueForm(sku, leave, done) } : null,
  ].filter(Boolean);
}
