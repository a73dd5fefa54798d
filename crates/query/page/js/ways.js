// Where one can go from the overview, and what can be begun there.
import { isReached } from "./actions/owners.js";
import { byId, h } from "./dom.js";
import { may } from "./session.js";

const WAYS = [
  { href: "#/orders", name: "All orders" },
  { href: "#/new/order", name: "Place an order", scope: "write", service: "order" },
  { href: "#/new/customer", name: "Register a customer", scope: "price", service: "customer" },
  { href: "#/new/product", name: "List a product", scope: "price", service: "product" },
  { href: "#/processes", name: "Processes" },
  { href: "#/read-model", name: "Read model" },
];

export function startWays() {
  const offered = WAYS.filter(({ scope, service }) => !scope || (may(scope) && isReached(service)));
  byId("ways").replaceChildren(...offered.map(({ href, name }) => h("a", { href }, name)));
}
