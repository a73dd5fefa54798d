// The key figures in one strip.
import { allEvents, lag, rates } from "../counters.js";
import { byId, h, setText } from "../dom.js";
import { clockTime, compact, count, duration, millis, money, moneys, percent, rate } from "../format.js";
import { asOf, built, isFresh } from "../health.js";
import { mainCurrency } from "../series.js";
import { watch } from "../store.js";

/** How late a follower is, is known as often as it is told. */
const LATE_MS = 1_500;

const NO_FIGURE = { value: "–", note: "" };
const TITLES = ["Revenue", "Orders", "Completed", "Not settled", "Placed to completed", "Read model"];

/** The whole way of an order, over the last minutes if there were any. */
export function wholeWay(s) {
  const whole = s.latencies?.find((one) => one.step === "whole");
  return whole?.recent.count ? whole.recent : whole?.all;
}

function revenue(s) {
  const currency = mainCurrency(s);
  const sums = s.orders.revenue;
  const main = sums.find((sum) => sum.currency === currency) ?? { minor: 0, currency };
  const others = sums.filter((sum) => sum.currency !== currency);
  const average = s.orders.average_order.find((sum) => sum.currency === currency);
  const notes = [average ? `${money(average)} a completed order` : "nothing was sold yet", others.length ? `and ${moneys(others)}` : null, s.payments.refunded.length ? `${moneys(s.payments.refunded)} refunded` : null];
  return { value: money(main), note: notes.filter(Boolean).join(" · ") };
}

/** Of an order that has ended, something may still be to be undone. */
function unsettled(s) {
  const { in_flight: open, stuck, stuck_after_ms: bound } = s.sagas;
  const ended = Math.max(0, open - (s.orders.placed - s.orders.ended));
  const notes = [ended ? `${count(ended)} of them ended` : null, stuck ? `${count(stuck)} stuck for over ${duration(bound)}` : isFresh(s) ? "none is stuck" : "none was stuck"];
  return { value: count(open), note: notes.filter(Boolean).join(" · "), tone: stuck ? "bad" : undefined };
}

function pace(s) {
  const spread = wholeWay(s);
  if (!spread?.count) return { value: "–", note: "nothing was measured yet" };
  const recent = s.latencies.find((one) => one.step === "whole").recent.count > 0;
  return { value: duration(spread.p50_us / 1000), note: `p50 · p99 ${duration(spread.p99_us / 1000)}, ${recent ? "last minutes" : "all orders"}` };
}

function completed(s) {
  const { completed: whole = 0, rejected = 0, cancelled = 0 } = s.orders.by_state;
  const ended = whole + rejected + cancelled;
  return { value: percent(whole, ended), note: `of ${count(ended)} ended · ${count(rejected)} rejected · ${count(cancelled)} cancelled` };
}

function readModel(s) {
  const parked = s.parked ? ` · ${count(s.parked)} parked` : "";
  const names = { catching_up: "Catching up", rebuilding: "Rebuilding", away: "Stands still", stale_version: "Older build" };
  const { state } = s.read_model;
  if (state === "rebuilding" || state === "catching_up") return { value: names[state], note: built(s) + parked, tone: "warn" };
  if (!isFresh(s)) return { value: names[state] ?? "Stands still", note: `as of ${clockTime(asOf(s))}${parked}`, tone: "bad" };
  return { value: "Following", note: lateness(s) + parked };
}

/** How late the figures are, in words. */
export function lateness(s) {
  const late = lag.of(millis(s.at), s.freshness.streams);
  const behind = `${count(s.freshness.behind)} events behind`;
  if (late === null) return `${behind}, for over two minutes`;
  return late > LATE_MS ? `at most ${duration(late)} late, ${behind}` : `${rate(allEvents(s))} events, up to date`;
}

function figuresOf(s) {
  return [
    revenue(s),
    { value: compact(s.orders.placed), note: [isFresh(s) ? `${rate(rates.of("order.placed"))} placed` : null, `${compact(s.orders.units)} units in completed ones`].filter(Boolean).join(" · ") },
    completed(s),
    unsettled(s),
    pace(s),
    readModel(s),
  ];
}

export function startFigures() {
  const tiles = TITLES.map((title) => h("div.figure", {}, h("h2", {}, title), h("b", {}, "–"), h("p", {}, " ")));
  byId("figures").replaceChildren(...tiles);
  watch(["at", "lost"], (s) => {
    if (!s.read_model || !s.freshness) return;
    const figures = s.orders ? figuresOf(s) : [...TITLES.slice(1).map(() => NO_FIGURE), readModel(s)];
    figures.forEach(({ value, note, tone }, index) => {
      setText(tiles[index].children[1], value);
      tiles[index].style.setProperty("--letters", value.length);
      setText(tiles[index].children[2], note);
      tiles[index].dataset.tone = tone ?? "";
    });
  });
}
