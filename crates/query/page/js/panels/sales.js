// Two charts over one span of time: what came in, and what became of the orders.
import { axis, bars, Chart, crosshair, faded } from "../charts.js";
import { byId, h, keyed, setText } from "../dom.js";
import { compact, count, day, hour, money, percent } from "../format.js";
import { seriesOf, SPANS } from "../series.js";
import { known, watch } from "../store.js";
import { colour } from "../theme.js";
import { TONES } from "../tones.js";

const KEY = "murmur-span";
const STATES = ["placed", "prepared", "confirmed", "completed", "rejected", "cancelled"];

let span = SPANS[localStorage.getItem(KEY)] ? localStorage.getItem(KEY) : "minutes";
let series = null;

const when = (x) => (span === "days" ? day(x * 1000) : span === "hours" ? `${day(x * 1000)}, ${hour(x * 1000)}` : hour(x * 1000));
const ticks = (plot, splits) => splits.map((x) => (span === "minutes" || (span === "hours" && new Date(x * 1000).getHours() !== 0) ? hour(x * 1000) : day(x * 1000)));
/** By our own figures: of one day alone, uPlot would make years. */
const xRange = () => {
  const [first, last] = [series.xs[0] ?? 0, series.xs.at(-1) ?? 0];
  const half = SPANS[span].seconds * 0.6;
  return [Math.min(first, last - 6 * SPANS[span].seconds) - half, last + half];
};
const fromZero = (plot, low, high) => [0, high > 0 ? high * 1.12 : 10];

function revenueOptions() {
  const shown = (minor) => money({ minor, currency: series.currency }, "short");
  return {
    cursor: crosshair,
    padding: [14, 20, 0, 0],
    scales: { x: { time: true, range: xRange }, y: { range: (plot, low, high) => fromZero(plot, low, high || 1_000) } },
    axes: [
      axis({ grid: { show: false }, values: ticks, space: 64, size: 26 }),
      axis({ size: 62, space: 46, values: (plot, splits) => splits.map((one) => shown(one)) }),
    ],
    series: [{}, { stroke: colour("forward"), fill: faded("forward", 0.82), width: 0, paths: bars(), points: { show: false } }],
  };
}

function statesOptions() {
  const layer = (name) => ({ fill: colour(name), stroke: colour(name), width: 0, paths: bars(), points: { show: false } });
  return {
    cursor: crosshair,
    padding: [8, 18, 0, 0],
    scales: { x: { time: true, range: xRange }, y: { range: fromZero } },
    axes: [
      axis({ grid: { show: false }, values: ticks, space: 72, size: 24 }),
      axis({ size: 40, space: 34, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6], values: (plot, splits) => splits.map((one) => compact(one)) }),
    ],
    series: [{}, layer("undo"), layer("refusal"), layer("forward")],
  };
}

function revenueTip(index) {
  const sum = { minor: series.revenue[index], currency: series.currency };
  return [h("b", {}, money(sum)), h("span", {}, `${count(series.completed[index])} completed`), h("span", {}, when(series.xs[index]))];
}

function statesTip(index) {
  const line = (name) => h("span", {}, `${count(series[name][index])} ${name}`);
  return [h("b", {}, when(series.xs[index])), line("completed"), line("rejected"), line("cancelled")];
}

function paint(s, revenue, states) {
  if (!s.orders) return;
  series = seriesOf(s, span);
  const { xs, completed, rejected, cancelled } = series;
  revenue.show([xs, series.revenue]);
  const upTo = (...layers) => xs.map((_, index) => layers.reduce((sum, layer) => sum + layer[index], 0));
  states.show([xs, upTo(completed, rejected, cancelled), upTo(completed, rejected), completed]);
  const sum = { minor: series.revenue.reduce((all, one) => all + one, 0), currency: series.currency };
  setText(byId("revenue-note"), `${money(sum)} in ${SPANS[span].note}`);
  byId("revenue").setAttribute("aria-label", `Revenue: ${money(sum)} in ${SPANS[span].note}`);
  byId("states-chart").setAttribute("aria-label", `Ended orders in ${SPANS[span].note}`);
  paintStates(s);
}

function paintStates(s) {
  const { placed, by_state: states } = s.orders;
  setText(byId("states-note"), `${count(placed)} placed`);
  const largest = Math.max(1, ...STATES.map((state) => states[state] ?? 0));
  const shown = STATES.map((state) => ({ state, orders: states[state] ?? 0 }));
  const list = byId("states").firstElementChild ?? byId("states").appendChild(h("ul.states"));
  const create = ({ state }) => h("li", {}, h("span", {}, state), h("span.bar", { style: { "--tone": `var(--${TONES[state]})` } }, h("i")), h("span.number"));
  keyed(list, shown, (one) => one.state, create, (row, { orders }) => {
    const bar = row.children[1].firstElementChild;
    bar.style.width = `${(100 * orders) / largest}%`;
    bar.dataset.some = String(orders > 0);
    row.children[2].replaceChildren(count(orders), h("span.faint", {}, ` · ${percent(orders, placed)}`));
  });
}

function choices(repaint) {
  const choose = (name) => {
    span = name;
    localStorage.setItem(KEY, name);
    mark();
    repaint();
  };
  const buttons = Object.entries(SPANS).map(([name, { label }]) =>
    h("button", { type: "button", role: "radio", "data-span": name, onclick: () => choose(name) }, label));
  const mark = () => buttons.forEach((button) => {
    const chosen = button.dataset.span === span;
    button.setAttribute("aria-checked", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  });
  byId("spans").addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = buttons[(buttons.findIndex((one) => one.dataset.span === span) + by + buttons.length) % buttons.length];
    next.click();
    next.focus();
  });
  byId("spans").replaceChildren(...buttons);
  mark();
}

export function startSales() {
  const revenue = new Chart(byId("revenue"), revenueOptions, revenueTip);
  const states = new Chart(byId("states-chart"), statesOptions, statesTip);
  const repaint = () => {
    paint(known, revenue, states);
    revenue.rebuild();
    states.rebuild();
  };
  choices(repaint);
  watch(["orders", "minutes", "hours", "days"], (s) => paint(s, revenue, states));
}

