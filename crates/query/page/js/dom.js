// Elements in few words. Text is always text: nothing here takes HTML.

/** They turn the direction of writing, so that somebody's name would read as another. */
const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/g;

/** Where a number has groups; between them, a narrow page may break the line. */
const GROUPS = /,(?=\d{3}(?!\d))/;

/** Anybody's text as it is shown. */
export const plain = (text) => String(text).replace(DIRECTIONS, "");

function breakable(text) {
  const parts = plain(text).split(GROUPS);
  return parts.flatMap((part, index) => (index < parts.length - 1 ? [`${part},`, document.createElement("wbr")] : [part]));
}

/** In a picture, words stand in one line. */
const textOf = (element, text) => (element instanceof SVGElement ? [plain(text)] : breakable(text));

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "style") Object.entries(value).forEach(([key, one]) => element.style.setProperty(key, one));
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : plain(value));
  }
  const shown = children.flat().filter((child) => child !== null && child !== undefined && child !== false);
  element.append(...shown.flatMap((child) => (child instanceof Node ? [child] : textOf(element, child))));
  return element;
}

/** `h("p.note", { id: "x" }, "text", child)` */
export function h(what, attributes, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  return build(element, attributes, children);
}

export function svg(tag, attributes, ...children) {
  return build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

export const byId = (id) => document.getElementById(id);

/** Sets the text only where it differs, so that a selection survives. */
export function setText(element, text) {
  if (element.textContent !== plain(text)) element.replaceChildren(...textOf(element, text));
}

/**
 * Makes the children of `parent` those of `items`, and keeps the elements of those that stay: what
 * has the focus or the mouse goes on having it.
 */
export function keyed(parent, items, keyOf, create, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let last = null;
  for (const item of items) {
    const key = String(keyOf(item));
    let element = known.get(key);
    known.delete(key);
    if (!element) {
      element = create(item);
      element.dataset.key = key;
    }
    update?.(element, item);
    const place = last ? last.nextSibling : parent.firstChild;
    if (place !== element) parent.insertBefore(element, place);
    last = element;
  }
  for (const gone of known.values()) gone.remove();
}

/** A quiet word where there is nothing to show. */
export function calm(title, text) {
  return h("div.calm", {}, h("div", {}, h("b", {}, title), text ?? ""));
}

/** The same in place of what `host` holds, unless it says so already. */
export function becalm(host, title, text = "") {
  if (!host.querySelector(".calm") || host.textContent !== title + text) host.replaceChildren(calm(title, text));
}

export function pill(text, tone) {
  return h("span.pill", { "data-tone": tone }, text);
}
