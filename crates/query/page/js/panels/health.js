// How the services are, by their own word; beside it, and grey while it is not fresh, what the read model
// knows of their streams.
import { rates } from "../counters.js";
import { byId, h, keyed, pill, setText } from "../dom.js";
import { ago, clockTime, count, duration, millis, rate } from "../format.js";
import { choreography, owedBy } from "../graph/panel.js";
import { asOf, holds, isFresh, isPartial, partsOf, processOf, stateInWords } from "../health.js";
import { known, watch } from "../store.js";
import { lateness } from "./figures.js";

const COLUMNS = 6;

function row(one) {
  if (one.why) return h("tr.why", {}, h("td", { colspan: COLUMNS }));
  return h("tr", {}, h("th.name", { scope: "row" }, one.name), h("td"),
    h("td.number.aged"), h("td.number.aged"), h("td.number.aged"), h("td.number.wide-only.aged"));
}

function fill(element, one) {
  if (one.why) return fillWhy(element.firstElementChild, one.process);
  const { stream, process, owed, speed, age } = one;
  const [, state, owes, head, behind, last] = element.children;
  const word = stateInWords(process);
  if (state.textContent !== word) state.replaceChildren(pill(word, process.tone));
  setText(owes, owed.orders ? `${count(owed.orders)}${owed.age > 1000 ? ` · ${duration(owed.age)}` : ""}` : "–");
  setText(head, `${count(stream?.folded)}${speed > 0 ? ` · ${rate(speed)}` : ""}`);
  setText(behind, stream ? (stream.last === null ? "unknown" : count(Math.max(0, stream.last - stream.folded))) : "–");
  setText(last, Number.isNaN(age) ? "–" : isFresh(known) ? ago(age) : `at ${clockTime(millis(stream.as_of))}`);
}

/** Why it is so, and what a person can do. */
function fillWhy(cell, process) {
  const { reason, choices, said, since } = process;
  const words = [reason, ...holds(process), said ? `it last said “${said}”${Number.isFinite(since) ? ` at ${clockTime(since)}` : ""}` : null].filter(Boolean).join("; ");
  const text = words + choices.join("");
  if (cell.dataset.text === text) return;
  cell.dataset.text = text;
  cell.replaceChildren(h("p", {}, words), choices.length ? h("ul", {}, choices.map((one) => h("li", {}, one))) : "");
}

function rowsOf(s) {
  const names = s.processes?.services.map((one) => one.service) ?? choreography()?.services.map((one) => one.name) ?? [];
  return names.flatMap((name) => {
    const [process, stream] = [processOf(name, s), s.freshness?.streams[name.toUpperCase()]];
    const one = { key: name, name, process, stream, owed: owedBy(name, s), speed: rates.of(name.toUpperCase()), age: asOf(s) - millis(stream?.as_of) };
    return process.reason || process.choices.length || process.held.length ? [one, { key: `${name} why`, why: true, process }] : [one];
  });
}

function paintParts(list, s) {
  keyed(list, partsOf(s), (one) => one.name, ({ name }) => h("li", {}, h("b", {}, name), " ", h("span")), (element, one) => {
    element.dataset.tone = one.unknown ? "none" : one.bad ? "bad" : "well";
    setText(element.lastElementChild, one.text);
  });
}

function note(s) {
  if (!s.freshness || !s.read_model) return "";
  if (isPartial(s)) return "read model: incomplete";
  return isFresh(s) ? `read model: ${lateness(s)}` : `read model: as of ${clockTime(asOf(s))}`;
}

function paint(s, list, table) {
  paintParts(list, s);
  keyed(table.tBodies[0], rowsOf(s), (one) => one.key, row, fill);
  setText(byId("health-note"), note(s));
}

export function startHealth() {
  const heads = [h("th", { scope: "col" }, "Service"), h("th", { scope: "col" }, "State"),
    ...["Owes", "Events", "Behind"].map((text) => h("th.number", { scope: "col" }, text)), h("th.number.wide-only", { scope: "col" }, "Last event")];
  const table = h("table", {}, h("caption.unseen", {}, "Services: how they are, and what the read model knows of them"), h("thead", {}, h("tr", {}, heads)), h("tbody"));
  const list = h("ul.parts", { "aria-label": "What the services and this page need" });
  byId("health").replaceChildren(list, h("div.scrolls", { tabindex: 0, role: "group", "aria-label": "Services" }, table));
  watch(["at", "lost"], () => paint(known, list, table));
}
