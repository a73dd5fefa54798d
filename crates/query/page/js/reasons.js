// Why orders end, and how that is said: one list for bars, filters and lists.

export const REASONS = {
  dispatched: { words: "dispatched", state: "completed" },
  out_of_stock: { words: "out of stock", state: "rejected" },
  payment_declined: { words: "payment declined", state: "rejected" },
  requested: { words: "cancelled on request", state: "cancelled" },
  deadline_passed: { words: "deadline passed", state: "cancelled" },
  shipment_failed: { words: "shipment failed", state: "cancelled" },
};

export const STATES = ["placed", "prepared", "confirmed", "completed", "rejected", "cancelled"];

/** Which orders an event of the choreography is about, as filters of a list: those that have come so far. */
export function ordersOf(event, step) {
  const [service, name] = event.split(".");
  if (service === "order") return { state: name };
  if (event === "inventory.rejected") return { reason: "out_of_stock" };
  if (event === "payment.declined") return { reason: "payment_declined" };
  if (event === "shipping.dispatched") return { state: "confirmed" };
  return { state: step === "undo" ? "cancelled" : "placed" };
}
