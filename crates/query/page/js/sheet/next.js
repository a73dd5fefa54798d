// What happens next to an order: who owes what, who awaits what and since when, and how it can still end.
import { h, pill } from "../dom.js";
import { duration, eventName, millis, moment } from "../format.js";
import { toneOf } from "../tones.js";

/** Nothing, once an order is over. `at` is the time that it is told of. */
export function happensNext(next, at) {
  if (!next || next.is_over) return null;
  const heads = ["Who", "What", "Because of", "Since"].map((text) => h("th", { scope: "col" }, text));
  const rows = [...next.owed.map((one) => owes(one, at)), ...next.awaited.map((one) => awaits(one, at))];
  const table = h("table", {}, h("caption.unseen", {}, "Who owes and awaits what"), h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows));
  return h("section.next", { "aria-labelledby": "next-title" }, h("h3", { id: "next-title" }, "What happens next"), rows.length ? table : null, ends(next));
}

const row = (service, what, because, since) => h("tr", {}, h("th.name", { scope: "row" }, service), h("td", {}, what), h("td.soft", {}, because), h("td.soft", {}, since));

const names = (kinds) => kinds.map(eventName).join(" or ");

const owes = ({ service, emits, on, since, due }, at) => row(service, due ? `says ${names(emits)}, if nothing comes before` : `owes ${names(emits)}`, on, due ? `due ${moment(due)}` : waited(since, at));

const awaits = ({ service, state, one_of: kinds, since }, at) => row(service, `awaits ${kinds.join(" or ")}`, `it is ${state}`, waited(since, at));

const waited = (since, at) => `${moment(since)}, for ${duration(Math.max(0, at - millis(since)))}`;

function ends({ ends, owed }) {
  const pills = ends.map((kind) => pill(eventName(kind), toneOf(eventName(kind))));
  if (ends.length === 1 && owed.length) return h("p", {}, "It ends ", pills[0], "; the rest is still to come.");
  return h("p", {}, "It can still end ", ...pills.flatMap((name, index) => [index ? (index < pills.length - 1 ? ", " : " or ") : "", name]), ".");
}
