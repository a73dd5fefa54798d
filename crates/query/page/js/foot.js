// Where the figures come from, for whoever wants to ask for themselves.
import { byId, h, setText } from "./dom.js";
import { count } from "./format.js";
import { watch } from "./store.js";

const LINKS = [["/dashboard", "These figures as JSON"], ["/status", "Status"], ["/metrics", "Metrics"], ["/choreography", "Choreography"], ["/openapi.json", "OpenAPI"]];

const many = (number, what) => `${count(number)} ${what}${number === 1 ? "" : "s"}`;

export function startFoot() {
  const text = h("span");
  byId("foot").replaceChildren(text, ...LINKS.map(([href, name]) => h("a", { href }, name)));
  watch(["customers", "products"], ({ customers, products }) => {
    if (customers && products) setText(text, `${many(customers.live, "customer")}, ${many(products.live, "product")}`);
  });
}
