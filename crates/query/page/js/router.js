// Addresses behind the #: every view can be linked to, and Back works.

const routes = [];

/** `route(/^\/orders\/(.+)$/, (id) => …)`; the first that matches is shown. */
export function route(pattern, show) {
  routes.push({ pattern, show });
}

export const go = (path) => { location.hash = path; };
export const orderPath = (id) => `#/orders/${encodeURIComponent(id)}`;
export const customerPath = (id) => `#/customers/${encodeURIComponent(id)}`;
export const productPath = (sku) => `#/products/${encodeURIComponent(sku)}`;

export function startRouter() {
  addEventListener("hashchange", follow);
  follow();
}

function follow() {
  const path = location.hash.slice(1) || "/";
  for (const { pattern, show } of routes) {
    const found = pattern.exec(path);
    if (found) return show(...found.slice(1).map(decode));
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
