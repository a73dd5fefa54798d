// The events that could not be folded: why, how often it was tried, and what can be done about each.
import { ask, tell } from "../ask.js";
import { form } from "../actions/form.js";
import { text } from "../actions/field.js";
import { calm, h, pill } from "../dom.js";
import { count, many, moment } from "../format.js";
import { lookAtOperation, onOperation } from "../operation.js";
import { may } from "../session.js";
import { withContent } from "./content.js";

/** Of the table. */
const COLUMNS = 4;

export const parkedEvents = h("div.parked");

/** What the new generation still parks, by name; none while there is none, or it is not built. */
let still = null;
let shown = "";

const nameOf = ({ stream, sequence }) => `${stream}/${sequence}`;

/** `show(element)` puts a form where forms are, `said(words)` what came of it, `build()` folds all anew. */
export function watchParked({ show, said, build }) {
  onOperation(async ({ parked, generations }) => {
    if (!parkedEvents.isConnected) {
      shown = "";
      return;
    }
    still = generations?.next?.built ? await parkedIn(generations.next.id) : null;
    // Painted anew only where something has changed: what is open there stays open.
    const now = JSON.stringify([parked, still && [...still], Boolean(generations?.next)]);
    if (now === shown) return;
    shown = now;
    parkedEvents.replaceChildren(...parts(parked, Boolean(generations?.next), { show, said, build }));
  });
}

async function parkedIn(generation) {
  const found = await ask(`/parked?generation=${encodeURIComponent(generation)}`).catch(() => null);
  return found && new Set(found.items.map(nameOf));
}

function parts(parked, builds, acts) {
  if (!parked) return [];
  const title = h("h3", {}, "Parked events");
  if (parked.why) return [title, calm(parked.title, parked.why)];
  if (!parked.items.length) return [title, h("p.faint", {}, "None: every event could be folded.")];
  const again = may("operate") && parked.open && !builds ? h("button.do", { type: "button", onclick: acts.build }, "Fold them anew, in a new generation") : null;
  return [title, h("p.soft", {}, summary(parked)), h("div.scrolls", { tabindex: 0, role: "group", "aria-label": "Parked events" }, table(parked.items, acts)), ...(again ? [again] : [])];
}

function summary({ open, items }) {
  const known = still ? ` The new generation still parks ${count(items.filter((one) => still.has(nameOf(one))).length)} of them.` : "";
  return `${open ? `${many(open, "event")} could not be folded, so that some figures are incomplete.` : "All of them were dropped."}${known}`;
}

function table(items, acts) {
  const heads = [h("th", { scope: "col" }, "Event"), h("th", { scope: "col" }, "Why"), h("th.number", { scope: "col" }, "Attempts"), h("th", { scope: "col" }, "What is done")];
  return h("table", {}, h("caption.unseen", {}, "Events that could not be folded"), h("thead", {}, h("tr", {}, heads)),
    h("tbody", {}, items.flatMap((one) => row(one, acts))));
}

function row(one, acts) {
  const step = { ...one, type: one.subject.split(".").slice(0, 2).join(".") || nameOf(one) };
  return withContent(step, COLUMNS, (opener) => h("tr", {}, h("td", {}, opener, h("p.faint", {}, nameOf(one))),
    h("td", {}, one.reason), h("td.number", {}, count(one.attempts)), h("td", {}, done(one, acts))));
}

function done(one, { show, said }) {
  if (one.dropped) return h("span.soft", {}, `dropped by ${one.dropped.who ?? "somebody"}, ${moment(one.dropped.at)}: ${one.dropped.why}`);
  if (still && !still.has(nameOf(one))) return pill("folded in the new generation", "forward");
  if (!may("operate")) return h("span.faint", {}, "nothing yet");
  const name = nameOf(one);
  return h("button.do", { type: "button", "data-deed": `drop-${name}`, onclick: () => show(dropping(name, said)) }, h("span", {}, "Drop"), h("span.unseen", {}, ` ${name}`));
}

/** That nothing more is to be done takes a reason. */
function dropping(name, said) {
  const element = form({
    title: `Drop ${name}`, text: "It stays listed, with who has dropped it and why, and counts no longer.", button: "Drop it", tone: "bad",
    fields: [text("why", "Why", { required: true, hint: "for whoever asks later" })],
    leave: () => said(""),
    submit: async ({ why }) => {
      await tell(`/parked/${name.split("/").map(encodeURIComponent).join("/")}/drop`, { why });
      said(`${name} is dropped.`);
      lookAtOperation();
    },
  });
  queueMicrotask(() => element.querySelector("input").focus());
  return element;
}
