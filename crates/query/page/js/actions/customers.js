// What can be done with customers and their accounts.
import { money as amount } from "../format.js";
import { customerPath, go } from "../router.js";
import { money, text } from "./field.js";
import { form } from "./form.js";
import { command, newKey, readFrom } from "./owners.js";

const WRONGS = { "customer-exists": "id", "negative-limit": "credit_limit", "unknown-currency": "credit_limit", "amount-too-large": "credit_limit" };

const pathOf = (id) => `/customers/${encodeURIComponent(id)}`;

const fieldsOf = (customer) => [
  text("name", "Name", { value: customer?.name, required: true }),
  text("street", "Street", { value: customer?.address.street }),
  text("city", "City", { value: customer?.address.city }),
  text("country", "Country", { value: customer?.address.country, required: true }),
  money("credit_limit", "Credit limit", { value: customer?.credit_limit, hint: "What the customer may owe." }),
];

const detailsOf = ({ name, street, city, country, credit_limit }) => ({ name, address: { street, city, country }, credit_limit });

export function registerForm() {
  const key = newKey();
  return form({
    title: "Register a customer", button: "Register", wrongs: WRONGS,
    fields: [text("id", "Id", { hint: "Letters, digits, - and _. Without one, the service makes it." }), ...fieldsOf(null)],
    submit: async ({ id, ...values }) => {
      const body = { ...(id ? { id } : {}), ...detailsOf(values) };
      const made = await command("customer", "POST", "/customers", body, { key });
      go(customerPath(made.id).slice(1));
    },
  });
}

/** Changes one, if it still is as it was read here. */
async function changeForm(id, leave, done) {
  let { body: customer, tag } = await readFrom("customer", pathOf(id));
  return form({
    title: `Change customer ${id}`, button: "Change", leave, wrongs: WRONGS, fields: fieldsOf(customer),
    submit: async (values) => {
      try {
        await command("customer", "PUT", pathOf(id), detailsOf(values), { tag });
      } catch (error) {
        if (error.status === 412) {
          ({ body: customer, tag } = await readFrom("customer", pathOf(id)));
          error.now = `${customer.name} with a limit of ${amount(customer.credit_limit)}`;
        }
        throw error;
      }
      leave();
      done();
    },
  });
}

function closeForm(id, leave, done) {
  const key = newKey();
  return form({
    title: `Close customer ${id}`, text: "A closed customer places no more orders. That cannot be undone.", button: "Close this customer", tone: "bad", leave,
    submit: async () => {
      await command("customer", "POST", `${pathOf(id)}/close`, null, { key });
      leave();
      done();
    },
  });
}

function settleForm(id, owed, leave, done) {
  const key = newKey();
  return form({
    title: `Customer ${id} pays in`, button: "Settle", leave,
    fields: [money("amount", "Amount", { value: owed })],
    submit: async ({ amount }) => {
      await command("payment", "POST", `/accounts/${encodeURIComponent(id)}/settle`, { amount }, { key });
      leave();
      done();
    },
  });
}

/** What the customer owes, to be offered as what is paid in. */
async function owedBy(id) {
  const found = await readFrom("payment", `/accounts/${encodeURIComponent(id)}`).catch(() => null);
  const owed = found?.body.outstanding;
  return owed && owed.minor > 0 ? owed : owed ? { ...owed, minor: 0 } : null;
}

/** All that can be done with one. */
export function withCustomer(id, customer, done) {
  const open = customer && !customer.closed;
  return [
    open ? { label: "Change", scope: "price", service: "customer", open: (leave) => changeForm(id, leave, done) } : null,
    { label: "Settle", scope: "operate", service: "payment", open: async (leave) => settleForm(id, await owedBy(id), leave, done) },
    open ? { label: "Close the account", tone: "bad", scope: "price", service: "customer", open: (leave) => closeForm(id, leave, done) } : null,
  ].filter(Boolean);
}
