// Addresses behind the #: every view can be linked to, and Back works.

import { setTitle } from "./title.js";

const routes = [];

/** `route(/^\/orders\/(.+)$/, (id) => `Order ${id}`, (id) => …)`; the first that matches is shown. */
export function route(pattern, name, show) {
  routes.push({ pattern, name, show });
}

/** Whether the view that was shown at this address still is: an answer may come after it was left. */
export const isStill = (address) => location.hash === address;

export const go = (path) => { location.hash = path; };
export const orderPath = (id) => `#/orders/${encodeURIComponent(id)}`;
export const customerPath = (id) => `#/customers/${encodeURIComponent(id)}`;
/** The list of the orders for which all that holds: `{ state: "placed" }`. */
export function ordersPath(filters = {}) {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value)).toString();
  return `#/orders${query ? `?${query}` : ""}`;
}
export const logPath = (process) => `#/logs/${encodeURIComponent(process)}`;
export const productPath = (sku) => `#/products/${encodeURIComponent(sku)}`;

export function startRouter() {
  addEventListener("hashchange", follow);
  follow();
}

function follow() {
  const path = location.hash.slice(1) || "/";
  for (const { pattern, name, show } of routes) {
    const found = pattern.exec(path);
    if (!found) continue;
    const parts = found.slice(1).map(decode);
    setTitle(name(...parts));
    return show(...parts);
  }
  go("/");
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
