// The last minutes, hours and days as series for charts: gaps filled, one currency.
import { decimalsOf } from "./currencies.js";
import { largestFirst, sumOf } from "./exact.js";
import { asOf } from "./health.js";

export const SPANS = {
  minutes: { label: "Minutes", seconds: 60, slots: 60, note: "the last hour, by the minute of completion", ended: "orders ended in each minute of the last hour" },
  hours: { label: "Hours", seconds: 3_600, slots: 48, note: "the last two days, by the hour of completion", ended: "orders ended in each hour of the last two days" },
  days: { label: "Days", seconds: 1, slots: 31, note: "the last business days with orders", ended: "orders of these business days, by what became of them" },
  range: { label: "From … to", seconds: 1, slots: 366, note: "the business days chosen", ended: "orders of these business days, by what became of them" },
};

/** The currency in which the figures are the largest. Others are told of in words. */
export function mainCurrency(s) {
  const units = ({ minor, currency }) => Number(minor) / 10 ** decimalsOf(currency);
  const sums = [...(s.orders?.revenue ?? [])].sort((a, b) => largestFirst(units(a), units(b)));
  return sums[0]?.currency ?? s.orders?.value?.[0]?.currency ?? "GBP";
}

/**
 * `{ xs, dates, revenue, exact, … }` of a span: `revenue` in minor units for drawing, `exact` for words.
 * Days stand side by side, whatever lies between them: they may be years apart.
 */
export function seriesOf(s, span, chosen = []) {
  const currency = mainCurrency(s);
  if (span === "range") return ofDays(chosen, currency);
  return span === "days" ? ofDays(s.days ?? [], currency) : ofSlots(s[span] ?? [], SPANS[span], asOf(s), currency);
}

const amountIn = (currency, sums) => sums.find((sum) => sum.currency === currency)?.minor ?? 0;

function ofSlots(slots, { seconds, slots: most }, now, currency) {
  const last = Math.floor(now / 1000 / seconds);
  const found = new Map(slots.map((slot) => [Math.round(Date.parse(slot.at) / 1000 / seconds), slot]));
  const points = Array.from({ length: most }, (_, index) => {
    const number = last - most + 1 + index;
    const slot = found.get(number);
    const sums = slot?.completed ?? [];
    return {
      x: number * seconds,
      date: number * seconds * 1000,
      exact: amountIn(currency, sums),
      completed: sums.reduce((all, sum) => all + sum.orders, 0),
      rejected: slot?.rejected ?? 0,
      cancelled: slot?.cancelled ?? 0,
    };
  });
  return columns(points, currency);
}

function ofDays(days, currency) {
  const points = [...days].reverse().map((day, index) => ({
    x: index,
    date: Date.parse(`${day.date}T12:00:00`),
    exact: amountIn(currency, day.revenue),
    completed: day.by_state.completed ?? 0,
    rejected: day.by_state.rejected ?? 0,
    cancelled: day.by_state.cancelled ?? 0,
  }));
  return columns(points, currency);
}

function columns(points, currency) {
  const column = (name) => points.map((point) => point[name]);
  return {
    currency, total: sumOf(column("exact")),
    xs: column("x"), dates: column("date"), exact: column("exact"), revenue: column("exact").map(Number),
    completed: column("completed"), rejected: column("rejected"), cancelled: column("cancelled"),
  };
}
