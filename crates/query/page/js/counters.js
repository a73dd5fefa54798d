// How often each event has happened, read from the sections; and how fast that grows.
import { Rates } from "./rates.js";
import { millis } from "./format.js";
import { isFresh } from "./health.js";
import { Lag } from "./lag.js";
import { watch } from "./store.js";

export const rates = new Rates();
export const lag = new Lag();

/** Events by their names, streams by theirs. */
export function counters(s) {
  const states = s.orders?.by_state ?? {};
  const stock = s.stock ?? {};
  const payments = s.payments ?? {};
  const shipments = s.shipments ?? {};
  const counted = {
    "order.placed": s.orders?.placed,
    // An order that is confirmed or has completed was confirmed; hardly one is cancelled after that.
    "order.confirmed": (states.confirmed ?? 0) + (states.completed ?? 0),
    "order.completed": states.completed,
    "order.rejected": states.rejected,
    "order.cancelled": states.cancelled,
    "inventory.reserved": stock.reserved,
    "inventory.rejected": stock.rejected,
    "inventory.released": stock.released,
    "inventory.committed": stock.committed,
    "payment.charged": payments.charges,
    "payment.declined": payments.declines,
    "payment.refunded": payments.refunds,
    "payment.voided": payments.voids,
    "shipping.created": shipments.created,
    "shipping.dispatched": shipments.dispatched,
    "shipping.cancelled": shipments.cancelled,
  };
  for (const [stream, one] of Object.entries(s.freshness?.streams ?? {})) counted[stream] = one.folded;
  return Object.fromEntries(Object.entries(counted).filter(([, number]) => number !== undefined));
}

export function startCounting() {
  watch(["at"], (s) => {
    if (s.freshness) lag.take(millis(s.at), s.freshness.streams);
    if (s.orders && isFresh(s)) rates.take(millis(s.at), counters(s));
    else rates.clear();
  });
}

/** All events of all streams, a second. */
export function allEvents(s) {
  return Object.keys(s.freshness?.streams ?? {}).reduce((sum, stream) => sum + rates.of(stream), 0);
}
