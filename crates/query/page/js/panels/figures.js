// The key figures in one strip.
import { allEvents, rates } from "../counters.js";
import { byId, h, setText } from "../dom.js";
import { compact, count, duration, money, moneys, percent, rate } from "../format.js";
import { mainCurrency } from "../series.js";
import { watch } from "../store.js";

/** A follower is always a little behind. */
const LATE_MS = 500;

const TITLES = ["Revenue", "Orders", "Completed", "In flight", "Order to end", "Read model"];

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
  const words = [average ? `${money(average)} an order` : "nothing was sold yet", others.length ? `and ${moneys(others)}` : null, s.payments.refunded.length ? `${moneys(s.payments.refunded)} refunded` : null];
  return { value: money(main), note: words.filter(Boolean).join(" · ") };
}

function inFlight(s) {
  const { in_flight: flying, stuck, stuck_after_ms: bound } = s.sagas;
  const note = stuck ? `${count(stuck)} stuck for over ${duration(bound)}` : "none is stuck";
  return { value: count(flying), note, tone: stuck ? "bad" : undefined };
}

function pace(s) {
  const spread = wholeWay(s);
  if (!spread?.count) return { value: "–", note: "nothing was measured yet" };
  return { value: duration(spread.p50_us / 1000), note: `p50 · p99 ${duration(spread.p99_us / 1000)}` };
}

function readModel(s) {
  const { state, behind, behind_ms: late } = s.freshness;
  const names = { following: "Following", catching_up: "Catching up", rebuilding: "Rebuilding", away: "Away" };
  const note = behind && late > LATE_MS ? `${duration(late)} and ${count(behind)} events behind` : `${rate(allEvents(s))} events, up to date`;
  const parked = s.parked ? ` · ${count(s.parked)} parked` : "";
  return { value: names[state] ?? state, note: note + parked, tone: state === "following" ? undefined : "warn" };
}

function figuresOf(s) {
  const states = s.orders.by_state;
  return [
    revenue(s),
    { value: compact(s.orders.placed), note: `${rate(rates.of("order.placed"))} placed · ${compact(s.orders.units)} units` },
    { value: percent(states.completed ?? 0, s.orders.placed), note: `${count(states.rejected ?? 0)} rejected · ${count(states.cancelled ?? 0)} cancelled` },
    inFlight(s),
    pace(s),
    readModel(s),
  ];
}

export function startFigures() {
  const tiles = TITLES.map((title) => h("div.figure", {}, h("h3", {}, title), h("b", {}, "–"), h("p", {}, " ")));
  byId("figures").replaceChildren(...tiles);
  watch(["at"], (s) => {
    if (!s.orders) return;
    figuresOf(s).forEach(({ value, note, tone }, index) => {
      setText(tiles[index].children[1], value);
      setText(tiles[index].children[2], note);
      tiles[index].children[2].title = note;
      tiles[index].dataset.tone = tone ?? "";
    });
  });
}
