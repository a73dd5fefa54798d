// The fields of forms: how each is shown, read, and told what is wrong with it.
import { decimalsOf } from "../currencies.js";
import { h, plain } from "../dom.js";
import { decimal } from "../exact.js";
import { Wrong } from "./form.js";

/** What all kinds of fields share: a label, a hint and a place for what is wrong. */
function field(name, label, { hint, controls, read }) {
  const wrong = h("p.wrong");
  let inputs = [];
  const mark = (words) => {
    wrong.replaceChildren(plain(words ?? ""));
    inputs.forEach((one) => (words ? one.setAttribute("aria-invalid", "true") : one.removeAttribute("aria-invalid")));
  };
  return {
    name,
    read: () => read(inputs),
    clear: () => mark(null),
    tell: (words) => {
      mark(words);
      inputs[0].focus();
    },
    build: (id) => {
      inputs = controls(id, label);
      wrong.id = `${id}-wrong`;
      const described = [hint ? `${id}-hint` : null, wrong.id].filter(Boolean).join(" ");
      inputs.forEach((one) => one.setAttribute("aria-describedby", described));
      return h("div.field", {}, h("label", { for: inputs[0].id }, label), h("div.controls", {}, inputs),
        hint ? h("p.faint", { id: `${id}-hint` }, hint) : null, wrong);
    },
  };
}

/** A line of text. What is required and empty is not sent. */
export function text(name, label, { value = "", hint, required = false, type = "text", list, min, inputmode } = {}) {
  return field(name, label, {
    hint,
    controls: (id) => [h("input", { id, name, type, value, min, inputmode, list, "aria-required": required ? "true" : null, spellcheck: "false" })],
    read: ([input]) => {
      const found = input.value.trim();
      if (required && !found) throw new Wrong(name, `${label} is missing.`);
      return found || undefined;
    },
  });
}

/** A whole number. */
export function whole(name, label, { value = "", hint, required = false, min = 0 } = {}) {
  const line = text(name, label, { value: String(value), hint, required, inputmode: "numeric" });
  return { ...line, read: () => {
    const found = line.read();
    if (found === undefined) return undefined;
    if (!/^\d{1,15}$/.test(found) || Number(found) < min) throw new Wrong(name, `${label} is a whole number, ${min} or more.`);
    return Number(found);
  } };
}

/** One of some. */
export function select(name, label, options, { value = "", hint } = {}) {
  return field(name, label, {
    hint,
    controls: (id) => [h("select", { id, name }, options.map(([key, words]) => h("option", { value: key, selected: key === value }, words)))],
    read: ([input]) => input.value || undefined,
  });
}

/** An amount and its currency: `{ minor, currency }`. */
export function money(name, label, { value = null, hint } = {}) {
  const shown = value ? decimal(value.minor, decimalsOf(value.currency)) : "";
  return field(name, label, {
    hint,
    controls: (id) => [
      h("input", { id, name, inputmode: "decimal", value: shown, "aria-required": "true" }),
      h("input.currency", { id: `${id}-currency`, name: `${name}-currency`, value: value?.currency ?? "GBP", maxlength: 3, "aria-label": `Currency of ${label.toLowerCase()}`, "aria-required": "true", spellcheck: "false" }),
    ],
    read: ([amount, currency]) => ({ minor: minorOf(name, amount.value.trim(), currency.value.trim().toUpperCase()), currency: currency.value.trim().toUpperCase() }),
  });
}

/** `12.5` in pounds is 1250. */
export function minorOf(name, amount, currency) {
  if (!/^[A-Z]{3}$/.test(currency)) throw new Wrong(name, "The currency is three letters, such as GBP.");
  const parts = /^(-?\d{1,13})(?:\.(\d+))?$/.exec(amount);
  if (!parts) throw new Wrong(name, "The amount is a number such as 12.50, without spaces and commas.");
  const decimals = decimalsOf(currency);
  const fraction = parts[2] ?? "";
  if (fraction.length > decimals) throw new Wrong(name, `${currency} has ${decimals} decimals.`);
  const minor = Number(parts[1] + fraction.padEnd(decimals, "0"));
  if (!Number.isSafeInteger(minor)) throw new Wrong(name, "The amount is too large.");
  return minor;
}

/** Lines of an order: products and how many of each. Empty ones are left out. */
export function lines(name, label, { count = 3, sku = "" } = {}) {
  const pair = (id, nth) => [
    h("input", { id: nth ? `${id}-${nth}` : id, name: "sku", value: nth ? "" : sku, placeholder: "SKU", "aria-label": `Product of line ${nth + 1}`, spellcheck: "false" }),
    h("input.few", { id: `${id}-${nth}-quantity`, name: "quantity", inputmode: "numeric", value: nth ? "" : "1", placeholder: "Units", "aria-label": `Units of line ${nth + 1}` }),
  ];
  return field(name, label, {
    hint: "A product's SKU and how many units of it; lines without a SKU are left out.",
    controls: (id) => Array.from({ length: count }, (_, nth) => pair(id, nth)).flat(),
    read: (inputs) => {
      const found = [];
      for (let at = 0; at < inputs.length; at += 2) {
        const [product, units] = [inputs[at].value.trim(), inputs[at + 1].value.trim()];
        if (!product) continue;
        if (!/^\d{1,7}$/.test(units)) throw new Wrong(name, `How many units of ${product}? Use a whole number.`);
        found.push({ sku: product, quantity: Number(units) });
      }
      if (!found.length) throw new Wrong(name, "Name at least one product.");
      return found;
    },
  });
}
