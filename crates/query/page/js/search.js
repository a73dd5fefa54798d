// The search box: results while typing, chosen with the arrows and Enter.
import { ask } from "./ask.js";
import { byId, h, setText } from "./dom.js";
import { many, money } from "./format.js";
import { customerPath, go, orderPath, productPath } from "./router.js";

const PAUSE_MS = 140;
const SHOWN = 10;

let timer = null;
let asked = null;
let chosen = -1;

const options = () => [...byId("hits").querySelectorAll("a")];

function choose(index) {
  const all = options();
  chosen = all.length ? (index + all.length) % all.length : -1;
  all.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
  if (chosen >= 0) {
    byId("search").setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  } else byId("search").removeAttribute("aria-activedescendant");
}

/** Options, and what is to be said of them. */
function show(hits, words) {
  byId("hits").replaceChildren(...hits.map(option));
  byId("hits").hidden = !hits.length;
  setText(byId("found-note"), words);
  byId("found").hidden = false;
  byId("search").setAttribute("aria-expanded", "true");
  choose(0);
}

function hide() {
  byId("found").hidden = true;
  byId("search").setAttribute("aria-expanded", "false");
  byId("search").removeAttribute("aria-activedescendant");
}

function option(hit, index) {
  return h("a", { id: `hit-${index}`, role: "option", "aria-selected": "false", href: hit.href, tabindex: -1, onclick: leave },
    h("b", {}, hit.name), h("span", {}, hit.kind), h("span", {}, hit.note ?? ""));
}

async function look(text) {
  asked?.abort();
  asked = new AbortController();
  try {
    const { hits, meant } = await find(text, asked.signal);
    const perhaps = meant.length ? `, perhaps you mean ${meant.join(" or ")}` : "";
    if (!hits.length) return show([], `Nothing is called “${text}”${perhaps}`);
    const shown = hits.slice(0, SHOWN);
    show(shown, shown.length < SHOWN ? many(shown.length, "result") : `the first ${SHOWN} results`);
  } catch (error) {
    if (error.name !== "AbortError") show([], error.message);
  }
}

/** Where nothing searches, whole ids are looked up. */
async function find(text, signal) {
  try {
    const answer = await ask(`/search?q=${encodeURIComponent(text)}&limit=${SHOWN}`, signal);
    return { hits: answer.items.map(hitOf), meant: answer.meant ?? [] };
  } catch (error) {
    if (error.name === "AbortError" || ![404, 405, 501].includes(error.status)) throw error;
  }
  return { hits: await byIds(text, signal), meant: [] };
}

const PATHS = { order: orderPath, customer: customerPath, product: productPath };

function hitOf({ kind, id, title, detail, state, date, minor, currency }) {
  const one = kind.replace(/s$/, "");
  const sum = minor === null || minor === undefined ? null : money({ minor, currency });
  const about = one === "order" ? [title, state, sum, date] : [id === title ? null : id, detail, sum, state];
  return { kind: one, href: PATHS[one](id), name: one === "order" ? id : title || id, note: about.filter(Boolean).join(" · ") };
}

async function byIds(text, signal) {
  const id = encodeURIComponent(text);
  const known = (path, hit) => ask(path, signal).then(hit, (error) => {
    if (error.name === "AbortError" || error.status === 0 || error.status >= 500) throw error;
    return null;
  });
  const found = await Promise.all([
    known(`/orders/${id}`, (order) => ({ kind: "order", href: orderPath(text), name: text, note: `${order.state} · ${money(order.total)}` })),
    known(`/customers/${id}/orders?limit=1`, (page) => ({ kind: "customer", href: customerPath(text), name: page.customer?.name ?? text, note: text })),
    known(`/products/${id}/sales`, (product) => ({ kind: "product", href: productPath(text), name: product.product?.name ?? text, note: text })),
  ]);
  return found.filter(Boolean);
}

function leave() {
  clearTimeout(timer);
  asked?.abort();
  hide();
  byId("search").value = "";
  byId("search").blur();
}

function typed() {
  clearTimeout(timer);
  const text = byId("search").value.trim();
  if (!text) return hide();
  timer = setTimeout(() => look(text), PAUSE_MS);
}

function press(event) {
  if (event.key === "Escape") return leave();
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
  } else if (event.key === "Enter") {
    const option = options()[chosen];
    if (!option || byId("found").hidden) return;
    leave();
    go(option.hash.slice(1));
  }
}

export function startSearch() {
  const input = byId("search");
  input.addEventListener("input", typed);
  input.addEventListener("focus", typed);
  input.addEventListener("keydown", press);
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".search")) hide();
  });
}
