// What an event contains, below its row: as its stream holds it, read when it is asked for.
import { ask } from "../ask.js";
import { h } from "../dom.js";
import { print } from "../exact.js";

/** The events that have been opened, with what was read of each: it never changes. */
const opened = new Map();

/** Contents that are kept at most: those of a few long orders. */
const OPENED_MAX = 200;

const keyOf = ({ stream, sequence }) => `${stream}/${sequence}`;
const buttonOf = (key) => document.querySelector(`#sheet [data-event="${CSS.escape(key)}"]`);

/** The rows of an event: `row(opener)`, and its content below it while that is open. */
export function withContent(step, columns, row) {
  const key = keyOf(step);
  const isOpen = opened.get(key)?.open === true;
  const opener = h("button.opener", { type: "button", "data-event": key, "aria-expanded": String(isOpen), onclick: () => toggle(step) }, step.type);
  const below = h("tr.content", { hidden: !isOpen }, h("td", { colspan: columns }, isOpen ? shown(opened.get(key)) : ""));
  return [row(opener), below];
}

/** Opens an event, or closes it again. */
export async function toggle(step) {
  const key = keyOf(step);
  const before = opened.get(key);
  if (before?.open) {
    opened.set(key, { ...before, open: false });
    return repaint(key);
  }
  while (opened.size >= OPENED_MAX) opened.delete(opened.keys().next().value);
  opened.set(key, { ...before, open: true });
  repaint(key);
  buttonOf(key)?.scrollIntoView({ block: "nearest" });
  if (before?.event) return;
  const read = await ask(`/events/${key}`).then((event) => ({ event }), (error) => ({ why: error.message }));
  opened.set(key, { open: opened.get(key)?.open ?? false, ...read });
  repaint(key);
}

/** The one row that has changed: the rest of the sheet is painted by itself. */
function repaint(key) {
  const button = buttonOf(key);
  if (!button) return;
  const { open } = opened.get(key);
  const below = button.closest("tr").nextElementSibling;
  button.setAttribute("aria-expanded", String(open));
  below.hidden = !open;
  below.firstElementChild.replaceChildren(open ? shown(opened.get(key)) : "");
}

function shown({ event, why }) {
  if (why) return h("p.soft", {}, `It cannot be shown: ${why}`);
  if (!event) return h("p.soft", {}, "Reading it");
  const { stream, sequence, headers, data } = event;
  const about = `${stream} ${sequence} · ${headers["ce-time"] ?? ""} · chain ${(headers["ce-chain"] ?? "").slice(0, 12)}`;
  return h("div", {}, h("p.faint", {}, about),
    h("pre", { tabindex: 0, role: "group", "aria-label": `What ${stream} ${sequence} contains` }, print(data)),
    h("details", {}, h("summary", {}, "Envelope"), h("pre", { tabindex: 0, role: "group", "aria-label": `The envelope of ${stream} ${sequence}` }, print(headers))));
}
