// Where the figures come from, for whoever wants to ask for themselves.
import { byId, h, setText } from "./dom.js";
import { many } from "./format.js";
import { watch } from "./store.js";

const LINKS = [["/dashboard", "These figures as JSON"], ["/processes", "Processes"], ["/status", "Status"], ["/metrics", "Metrics"], ["/choreography", "Choreography"], ["/openapi.json", "OpenAPI"]];

export function startFoot() {
  const text = h("span");
  byId("foot").replaceChildren(text, ...LINKS.map(([href, name]) => h("a", { href }, name)));
  watch(["customers", "products"], ({ customers, products }) => {
    if (customers && products) setText(text, `${many(customers.live, "customer")}, ${many(products.live, "product")}`);
  });
}
