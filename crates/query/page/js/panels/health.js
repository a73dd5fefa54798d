// How services and streams stand, as far as the streams themselves tell.
import { rates } from "../counters.js";
import { byId, h, keyed, pill, setText } from "../dom.js";
import { ago, count, duration, millis, rate } from "../format.js";
import { choreography, standing } from "../graph/panel.js";
import { watch } from "../store.js";

const TONES = { well: "forward", late: "undo", bad: "refusal" };
const WORDS = { well: "well", late: "late", bad: "not read" };

function row({ name }) {
  return h("tr", {}, h("td", {}, h("b", {}, name)), h("td"), h("td.number"), h("td.number"), h("td.number"), h("td.number.wide-only.soft"));
}

function fill(element, { stream, stands, speed, age }) {
  const [, health, owes, head, behind, last] = element.children;
  const word = WORDS[stands.health];
  if (health.textContent !== word) health.replaceChildren(pill(word, TONES[stands.health]));
  health.title = stands.text;
  setText(owes, stands.owes ? `${count(stands.owes)}${stands.oldest > 1000 ? ` · ${duration(stands.oldest)}` : ""}` : "–");
  setText(head, `${count(stream.last ?? stream.folded)}${speed > 0 ? ` · ${rate(speed)}` : ""}`);
  setText(behind, count(Math.max(0, (stream.last ?? 0) - stream.folded)));
  setText(last, Number.isNaN(age) ? "–" : ago(age));
}

function paint(s, table) {
  if (!s.freshness || !s.backlog) return;
  const now = millis(s.at);
  const names = choreography()?.services.map((one) => one.name) ?? Object.keys(s.freshness.streams).map((one) => one.toLowerCase());
  const rows = names.filter((name) => s.freshness.streams[name.toUpperCase()]).map((name) => {
    const stream = s.freshness.streams[name.toUpperCase()];
    return { name, stream, stands: standing(name, s), speed: rates.of(name.toUpperCase()), age: now - millis(stream.as_of) };
  });
  if (!table.isConnected) byId("health").replaceChildren(table);
  const { state, behind, behind_ms: late, reason } = s.freshness;
  setText(byId("health-note"), reason ?? (late > 500 ? `the read model is ${duration(late)} and ${count(behind)} events behind` : `the read model is ${state.replace("_", " ")}`));
  keyed(table.tBodies[0], rows, (one) => one.name, row, fill);
}

export function startHealth() {
  const heads = [h("th", { scope: "col" }, "Service"), h("th", { scope: "col" }, "Stands"),
    ...["Owes", "Events", "Behind"].map((text) => h("th.number", { scope: "col" }, text)), h("th.number.wide-only", { scope: "col" }, "Last event")];
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody"));
  watch(["at"], (s) => paint(s, table));
}
