// The last minutes, hours and days as series for charts: gaps filled, one currency.

export const SPANS = {
  minutes: { label: "Minutes", seconds: 60, slots: 60, note: "the last hour, minute by minute" },
  hours: { label: "Hours", seconds: 3_600, slots: 48, note: "the last two days, hour by hour" },
  days: { label: "Days", seconds: 86_400, slots: 31, note: "the last 31 business days with orders" },
};

/** The currency that brought in most. Others are told of in words. */
export function mainCurrency(s) {
  const sums = [...(s.orders?.revenue ?? [])].sort((a, b) => b.minor - a.minor);
  return sums[0]?.currency ?? s.orders?.value?.[0]?.currency ?? "GBP";
}

/** `{ xs, revenue, completed, rejected, cancelled, open }` of a span; revenue in minor units. */
export function seriesOf(s, span) {
  const currency = mainCurrency(s);
  return span === "days" ? ofDays(s.days ?? [], currency) : ofSlots(s[span] ?? [], SPANS[span], Date.parse(s.at), currency);
}

function ofSlots(slots, { seconds, slots: most }, now, currency) {
  const last = Math.floor(now / 1000 / seconds);
  const found = new Map(slots.map((slot) => [Math.round(Date.parse(slot.at) / 1000 / seconds), slot]));
  const points = Array.from({ length: most }, (_, index) => {
    const number = last - most + 1 + index;
    const slot = found.get(number);
    const sums = slot?.completed ?? [];
    return {
      x: number * seconds,
      revenue: sums.find((sum) => sum.currency === currency)?.minor ?? 0,
      completed: sums.reduce((all, sum) => all + sum.orders, 0),
      rejected: slot?.rejected ?? 0,
      cancelled: slot?.cancelled ?? 0,
      placed: slot?.placed ?? 0,
    };
  });
  return columns(points, currency);
}

function ofDays(days, currency) {
  const points = [...days].reverse().map((day) => ({
    x: Date.parse(`${day.date}T12:00:00`) / 1000,
    revenue: day.revenue.find((sum) => sum.currency === currency)?.minor ?? 0,
    completed: day.by_state.completed ?? 0,
    rejected: day.by_state.rejected ?? 0,
    cancelled: day.by_state.cancelled ?? 0,
    placed: day.placed,
  }));
  return columns(points, currency);
}

function columns(points, currency) {
  const column = (name) => points.map((point) => point[name]);
  return {
    currency,
    xs: column("x"), revenue: column("revenue"), placed: column("placed"),
    completed: column("completed"), rejected: column("rejected"), cancelled: column("cancelled"),
  };
}
