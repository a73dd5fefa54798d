// What can be done with orders.
import { go, orderPath } from "../router.js";
import { lines, text, whole } from "./field.js";
import { form } from "./form.js";
import { command, newKey } from "./owners.js";

/** States from which an order can still be cancelled. */
const CANCELLABLE = ["placed", "prepared"];

/** Cancels one, where that can still be done. */
export function cancelling(order, done) {
  if (!CANCELLABLE.includes(order.state)) return [];
  const open = (leave) => {
    const key = newKey();
    return form({
      title: `Cancel order ${order.order_id}`,
      text: "What was reserved, charged and shipped for it is undone. An order that is cancelled stays so.",
      button: "Cancel this order", tone: "bad", leave,
      submit: async () => {
        await command("order", "POST", `/orders/${encodeURIComponent(order.order_id)}/cancel`, null, { key });
        leave();
        done();
      },
    });
  };
  return [{ label: "Cancel the order", tone: "bad", scope: "write", service: "order", open }];
}

/** Places one, for a customer or of a product if that is known. */
export function placing({ customer = "", sku = "" } = {}) {
  const open = (leave) => placeForm({ customer, sku, leave });
  return { label: "Place an order", scope: "write", service: "order", open };
}

export function placeForm({ customer = "", sku = "", leave } = {}) {
  // The same until it is accepted: however often it is sent, it is one order.
  const key = newKey();
  return form({
    title: "Place an order", button: "Place it", leave,
    fields: [
      text("customer_id", "Customer", { value: customer, required: true, hint: "The customer's id." }),
      lines("lines", "Lines", { sku }),
      text("id", "Order id", { hint: "Letters, digits, - and _. Without one, the service makes it." }),
      whole("hand_over_seconds", "Hand-over window", { hint: "Seconds in which it can be cancelled once all is taken; none for the shop's usual." }),
    ],
    wrongs: {
      "unknown-customer": "customer_id", "customer-closed": "customer_id", "unknown-product": "lines", "product-discontinued": "lines",
      "bad-quantity": "lines", "currency-mismatch": "lines", "amount-overflow": "lines", "order-too-large": "lines",
      "order-exists": "id", "bad-hand-over": "hand_over_seconds",
    },
    submit: async ({ hand_over_seconds: seconds, ...order }) => {
      const window = seconds === undefined ? {} : { hand_over_ms: seconds * 1_000 };
      const placed = await command("order", "POST", "/orders", { ...order, ...window }, { key });
      go(orderPath(placed.order_id).slice(1));
    },
  });
}
