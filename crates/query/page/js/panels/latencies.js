// How long each step takes: half, 95 and 99 of a hundred, on one logarithmic ruler.
import { byId, calm, h, keyed, setText } from "../dom.js";
import { duration, eventName, many } from "../format.js";
import { watch } from "../store.js";

const head = () => h("thead", {}, h("tr", {},
  h("th", { scope: "col" }, "Step"), h("th.wide-only", { scope: "col" }, "p50 to p99, logarithmic"),
  ...["p50", "p95", "p99"].map((name) => h("th.number", { scope: "col" }, name))));

const measured = (one) => (one.recent.count ? one.recent : one.all);

function ruler(steps) {
  const all = steps.flatMap((one) => [measured(one).p50_us, measured(one).p99_us]).filter((us) => us > 0);
  const low = Math.log10(Math.max(100, Math.min(...all))) - 0.15;
  const high = Math.log10(Math.max(...all)) + 0.05;
  return (us) => Math.max(0, Math.min(100, (100 * (Math.log10(Math.max(1, us)) - low)) / (high - low)));
}

function nameOf({ step, from, to }) {
  return step === "whole" ? "the whole order, placed → completed" : `${eventName(from)} → ${eventName(to)}`;
}

function row(one) {
  return h("tr", {}, h("td", { title: `${one.from} to ${one.to}` }, nameOf(one)),
    h("td.wide-only", {}, h("div.range", { "aria-hidden": "true" }, h("i"), h("b"))),
    h("td.number"), h("td.number.soft"), h("td.number.soft"));
}

function fill(element, one, at) {
  const { p50_us: p50, p95_us: p95, p99_us: p99 } = measured(one);
  const [bar, mark] = element.children[1].firstElementChild.children;
  bar.style.left = `${at(p50)}%`;
  bar.style.width = `${Math.max(0.5, at(p99) - at(p50))}%`;
  mark.style.left = `${at(p50)}%`;
  [p50, p95, p99].forEach((us, index) => setText(element.children[2 + index], duration(us / 1000)));
}

function paint(s, table) {
  const steps = s.latencies.filter((one) => measured(one).count > 0);
  if (!steps.length) {
    byId("latencies").replaceChildren(calm("Nothing was measured yet", "Times appear with the first order"));
    return;
  }
  if (!table.isConnected) byId("latencies").replaceChildren(table);
  const recent = steps.filter((one) => one.recent.count > 0).length;
  const whole = s.latencies.find((one) => one.step === "whole");
  setText(byId("latencies-note"), recent ? `over the last minutes in which anything ended, ${many(whole?.recent.count ?? 0, "completed order")}` : `over all ${many(whole?.all.count ?? 0, "completed order")}`);
  const at = ruler(steps);
  keyed(table.tBodies[0], steps, (one) => one.step, row, (element, one) => fill(element, one, at));
}

export function startLatencies() {
  const table = h("table", {}, head(), h("tbody"));
  watch(["latencies"], (s) => paint(s, table));
}
