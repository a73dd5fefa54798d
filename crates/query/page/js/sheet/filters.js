// Which orders are wanted: a form, and the same in the address, so that what is found can be sent to somebody.
import { decimalsOf } from "../currencies.js";
import { minorOf, select, text } from "../actions/field.js";
import { Wrong } from "../actions/form.js";
import { h } from "../dom.js";
import { decimal } from "../exact.js";
import { REASONS, STATES } from "../reasons.js";

const ANY = ["", "any"];
const AGES = {
  newer_than: [["15m", "the last 15 minutes"], ["1h", "the last hour"], ["1d", "the last day"], ["7d", "the last week"], ["31d", "the last 31 days"]],
  older_than: [["1m", "a minute ago"], ["15m", "15 minutes ago"], ["1h", "an hour ago"], ["1d", "a day ago"], ["7d", "a week ago"]],
};

/** All that an address may say; what it says besides is left out. */
const NAMES = ["state", "reason", "customer", "currency", "min", "max", "newer_than", "older_than", "from", "to"];

/** `{ filters, cursor }` of an address. */
export function readAddress(address) {
  const query = new URLSearchParams(address.split("?")[1] ?? "");
  const filters = Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ""]));
  return { filters, cursor: query.get("cursor") };
}

/** An age that nobody offers stays one that can be chosen. */
const withOwn = (options, value) => (!value || options.some(([key]) => key === value) ? options : [...options, [value, value]]);

function amount(name, label, { currency, [name]: minor }) {
  const value = /^-?\d{1,15}$/.test(minor) ? decimal(Number(minor), decimalsOf(currency)) : "";
  return text(name, label, { value, inputmode: "decimal" });
}

function fieldsOf(filters) {
  const { state, reason, customer, currency, newer_than: newer, older_than: older, from, to } = filters;
  return [
    select("state", "State", [ANY, ...STATES.map((one) => [one, one])], { value: state }),
    select("reason", "Ended because", [ANY, ...Object.entries(REASONS).map(([key, { words }]) => [key, words])], { value: reason }),
    text("customer", "Customer", { value: customer }),
    select("newer_than", "Placed in", withOwn([ANY, ...AGES.newer_than], newer), { value: newer }),
    select("older_than", "Placed over", withOwn([ANY, ...AGES.older_than], older), { value: older }),
    text("from", "From business day", { value: from, type: "date" }),
    text("to", "To business day", { value: to, type: "date" }),
    text("currency", "Currency", { value: currency }),
    amount("min", "Total from", filters),
    amount("max", "Total to", filters),
  ];
}

/** Amounts as the service counts them: in minor units, of a currency. */
function withMinors(values) {
  const currency = values.currency?.toUpperCase() ?? "";
  const minor = (name) => {
    if (!values[name]) return "";
    if (!currency) throw new Wrong("currency", "Totals are of a currency: name it.");
    return String(minorOf(name, values[name], currency));
  };
  return { ...values, currency, min: minor("min"), max: minor("max") };
}

/** The form; `apply(filters)` is called for what is chosen. */
export function filterForm(filters, apply) {
  const fields = fieldsOf(filters);
  const form = h("form.filters", { role: "search", "aria-label": "Which orders", novalidate: true, autocomplete: "off" },
    fields.map((one) => one.build(`filter-${one.name}`)),
    h("div.buttons", {}, h("button.do", { type: "submit" }, "Show"), h("a.leave", { href: "#/orders" }, "All orders")));
  const use = () => {
    fields.forEach((one) => one.clear());
    try {
      apply(withMinors(Object.fromEntries(fields.map((one) => [one.name, one.read()]))));
    } catch (error) {
      fields.find((one) => one.name === error.field)?.tell(error.message);
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    use();
  });
  // What is chosen from a list is meant; what is typed may not be finished yet.
  form.addEventListener("change", (event) => {
    if (event.target.tagName === "SELECT") use();
  });
  return form;
}
