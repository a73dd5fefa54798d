// Two charts over one span of time: what came in, and what became of the orders.
import { axis, bars, Chart, crosshair, faded } from "../charts.js";
import { byId, calm, h, keyed, setText } from "../dom.js";
import { compact, count, day, dayOfYear, hour, money, percent } from "../format.js";
import { STATES } from "../reasons.js";
import { ordersPath } from "../router.js";
import { seriesOf, SPANS } from "../series.js";
import { chooseRange, chooseSpan, chosenRange, chosenSpan, onSpan } from "../span.js";
import { known, watch } from "../store.js";
import { colour } from "../theme.js";
import { TONES } from "../tones.js";

const ENDS = ["completed", "rejected", "cancelled"];

let span = chosenSpan();
let series = null;

/** Days are places in a row, and no times. */
const showsDays = () => span === "days" || span === "range";

/** The years of days that are years apart are worth their room. */
const dayName = (date) => (new Set(series.dates.map((one) => new Date(one).getFullYear())).size > 1 ? dayOfYear(date) : day(date));
const nameOf = (index) => when(series.dates[index]);
const when = (date) => (showsDays() ? dayName(date) : span === "hours" ? `${day(date)}, ${hour(date)}` : hour(date));
const ticks = (plot, splits) => splits.map(showsDays() ? dayTick : timeTick);
const dayTick = (x) => (Number.isInteger(x) && x in series.dates ? dayName(series.dates[x]) : "");
const timeTick = (x) => (span === "minutes" || new Date(x * 1000).getHours() !== 0 ? hour(x * 1000) : day(x * 1000));
/** By our own figures: of one day alone, uPlot would make years. */
const xRange = () => {
  const [first, last] = [series.xs[0] ?? 0, series.xs.at(-1) ?? 0];
  const half = SPANS[span].seconds * 0.6;
  return [Math.min(first, last - 6 * SPANS[span].seconds) - half, last + half];
};
const fromZero = (plot, low, high) => [0, high > 0 ? high * 1.12 : 10];
/** Of what is counted one by one there is no half. */
const WHOLE = Array.from({ length: 22 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power)).flat();
const xAxis = (space, size) => axis({
  grid: { show: false }, values: ticks, size, space: showsDays() ? space + 36 : space, ...(showsDays() ? { incrs: WHOLE } : {}),
});
const scales = (range) => ({ x: { time: !showsDays(), range: xRange }, y: { range } });

function revenueOptions() {
  const shown = (minor) => money({ minor, currency: series.currency }, "short");
  return {
    cursor: crosshair,
    padding: [14, 20, 0, 0],
    scales: scales((plot, low, high) => fromZero(plot, low, high || 1_000)),
    axes: [
      xAxis(64, 26),
      axis({ size: 62, space: 46, incrs: WHOLE, values: (plot, splits) => splits.map((one) => shown(one)) }),
    ],
    series: [{}, { stroke: colour("forward"), fill: faded("forward", 0.82), width: 0, paths: bars(), points: { show: false } }],
  };
}

function statesOptions() {
  const layer = (name) => ({ fill: colour(name), stroke: colour(name), width: 0, paths: bars(), points: { show: false } });
  return {
    cursor: crosshair,
    padding: [8, 18, 0, 0],
    scales: scales(fromZero),
    axes: [
      xAxis(72, 24),
      axis({ size: 40, space: 34, incrs: WHOLE, values: (plot, splits) => splits.map((one) => compact(one)) }),
    ],
    series: [{}, layer("undo"), layer("refusal"), layer("forward")],
  };
}

const amount = (index) => money({ minor: series.exact[index], currency: series.currency });
const counted = (name, index) => `${count(series[name][index])} ${name}`;

function revenueTip(index) {
  return [h("b", {}, amount(index)), h("span", {}, counted("completed", index)), h("span", {}, nameOf(index))];
}

function statesTip(index) {
  return [h("b", {}, nameOf(index)), ...ENDS.map((name) => h("span", {}, counted(name, index)))];
}

/** The charts in a sentence each, for those who do not see them. */
function describe(total) {
  const sums = (name) => count(series[name].reduce((all, one) => all + one, 0));
  const best = series.revenue.indexOf(Math.max(...series.revenue));
  const peak = series.revenue[best] > 0 ? `, the most at ${nameOf(best)} with ${amount(best)}` : "";
  byId("revenue").setAttribute("aria-label", `Bar chart of the revenue: ${total}${peak}.`);
  byId("states-chart").setAttribute("aria-label", `Stacked bar chart, ${SPANS[span].ended}: ${ENDS.map((name) => `${sums(name)} ${name}`).join(", ")}.`);
}

/** The same figures in rows; only while somebody reads them. */
function paintTable(host) {
  if (!host.open) return;
  const heads = [h("th", { scope: "col" }, showsDays() ? "Day" : SPANS[span].label.slice(0, -1)), ...["Revenue", ...ENDS].map((name) => h("th.number", { scope: "col" }, name))];
  const some = (index) => showsDays() || ENDS.some((name) => series[name][index] > 0);
  const rows = series.xs.map((_, index) => index).filter(some).reverse().map((index) => h("tr", {},
    h("th", { scope: "row" }, nameOf(index)), h("td.number", {}, amount(index)), ENDS.map((name) => h("td.number", {}, count(series[name][index])))));
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows));
  host.lastElementChild.replaceChildren(rows.length ? table : calm("Nothing has ended in this span"));
}

function paint(s, revenue, states, table) {
  if (!s.orders || !s.at) return;
  series = seriesOf(s, span, chosenRange().days ?? []);
  const { xs, completed, rejected, cancelled } = series;
  revenue.show([xs, series.revenue]);
  const upTo = (...layers) => xs.map((_, index) => layers.reduce((sum, layer) => sum + layer[index], 0));
  states.show([xs, upTo(completed, rejected, cancelled), upTo(completed, rejected), completed]);
  const others = s.orders.revenue.length > 1 ? ` in ${series.currency}, other currencies are not drawn` : "";
  const total = `${money({ minor: series.total, currency: series.currency })} in ${SPANS[span].note}${others}`;
  setText(byId("revenue-note"), total);
  describe(total);
  paintTable(table);
  paintStates(s);
}

function paintStates(s) {
  const { placed, by_state: states } = s.orders;
  setText(byId("states-note"), `${count(placed)} placed`);
  setText(byId("states-scale"), `by their state now, under the ${SPANS[span].ended}`);
  const largest = Math.max(1, ...STATES.map((state) => states[state] ?? 0));
  const shown = STATES.map((state) => ({ state, orders: states[state] ?? 0 }));
  const list = byId("states").firstElementChild ?? byId("states").appendChild(h("ul.states"));
  const create = ({ state }) => h("li", {}, h("a", { href: ordersPath({ state }) }, state), h("span.bar", { style: { "--tone": `var(--${TONES[state]})` } }, h("i")), h("span.number"));
  keyed(list, shown, (one) => one.state, create, (row, { orders }) => {
    const bar = row.children[1].firstElementChild;
    bar.style.width = `${(100 * orders) / largest}%`;
    bar.dataset.some = String(orders > 0);
    row.children[2].replaceChildren(count(orders), h("span.faint", {}, ` · ${percent(orders, placed)}`));
  });
}

/** Two days, shown while they are what the charts are of. */
function rangeForm() {
  const day = (name, label) => h("label", {}, label, " ", h("input", { type: "date", name, value: chosenRange()[name], required: true }));
  const why = h("p.wrong", { role: "alert" });
  const form = h("form.range-days", { "aria-label": "Business days", hidden: span !== "range" }, day("from", "From"), day("to", "to"), why);
  const use = () => {
    const { from, to } = form.elements;
    if (from.value && to.value) chooseRange(from.value, to.value);
  };
  form.addEventListener("change", use);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    use();
  });
  onSpan(() => {
    form.hidden = chosenSpan() !== "range";
    setText(why, chosenRange().why ?? "");
  });
  return form;
}

function choices() {
  const buttons = Object.entries(SPANS).map(([name, { label }]) =>
    h("button", { type: "button", role: "radio", "data-span": name, onclick: () => chooseSpan(name) }, label));
  const mark = () => buttons.forEach((button) => {
    const chosen = button.dataset.span === chosenSpan();
    button.setAttribute("aria-checked", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  });
  byId("spans").addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = buttons[(buttons.findIndex((one) => one.dataset.span === chosenSpan()) + by + buttons.length) % buttons.length];
    next.click();
    next.focus();
  });
  byId("spans").replaceChildren(...buttons);
  onSpan(mark);
  mark();
}

export function startSales() {
  const revenue = new Chart(byId("revenue"), revenueOptions, revenueTip);
  const states = new Chart(byId("states-chart"), statesOptions, statesTip);
  const table = h("details.as-table", {}, h("summary", {}, "As a table"), h("div.scrolls", { tabindex: 0, role: "group", "aria-label": "Revenue and ended orders as a table" }));
  byId("revenue").after(table);
  table.addEventListener("toggle", () => series && paintTable(table));
  onSpan(() => {
    const other = span !== chosenSpan();
    span = chosenSpan();
    paint(known, revenue, states, table);
    // The scales are other ones.
    if (other) [revenue, states].forEach((chart) => chart.rebuild());
  });
  choices();
  byId("revenue").before(rangeForm());
  watch(["orders", "minutes", "hours", "days"], (s) => paint(s, revenue, states, table));
}
