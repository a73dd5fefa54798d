// Why orders ended, as bars over the span that the charts show; each leads to its orders.
import { becalm, byId, h, keyed, setText } from "../dom.js";
import { count, many, moneys, percent } from "../format.js";
import { REASONS } from "../reasons.js";
import { ordersPath } from "../router.js";
import { chosenDays, onSpan } from "../span.js";
import { known, watch } from "../store.js";
import { toneOf } from "../tones.js";

/** Sums of several days, by reason; in the order in which they are always shown. */
function summed(days) {
  const sums = Object.fromEntries(Object.keys(REASONS).map((reason) => [reason, 0]));
  for (const { by_reason: reasons } of days) for (const { reason, orders } of reasons) sums[reason] = (sums[reason] ?? 0) + orders;
  return Object.entries(sums).map(([reason, orders]) => ({ reason, orders }));
}

function create({ reason }) {
  const { words, state } = REASONS[reason] ?? { words: reason, state: "rejected" };
  return h("li", {}, h("a", {}, words), h("span.bar", { style: { "--tone": `var(--${toneOf(state)})` } }, h("i")), h("span.number"));
}

function note(ended, span) {
  const { refunds, refunded, refunds_by_reason: reasons = [] } = known.payments ?? {};
  const why = reasons.map(({ reason, charges }) => `${count(charges)} ${REASONS[reason]?.words ?? reason}`).join(", ");
  const back = refunds ? ` · in all, ${many(refunds, "charge")} paid back (${moneys(refunded)}${why && `: ${why}`})` : "";
  return `${many(ended, "order")} that ended, ${span}${back}`;
}

function paint(s) {
  if (!s.orders) return;
  // The minutes and the hours say what ended, and not why: beside them, it is all orders that are shown.
  const range = chosenDays(s);
  const rows = summed(range?.days ?? [s.orders]);
  const ended = rows.reduce((sum, { orders }) => sum + orders, 0);
  setText(byId("reasons-note"), note(ended, range?.words ?? "of all time"));
  if (!ended) return becalm(byId("reasons"), "No order has ended yet");
  const list = byId("reasons").querySelector("ul") ?? h("ul.states");
  if (!list.isConnected) byId("reasons").replaceChildren(list);
  const most = Math.max(...rows.map(({ orders }) => orders));
  keyed(list, rows, (one) => one.reason, create, (row, { reason, orders }) => {
    const [name, bar, number] = row.children;
    name.href = ordersPath({ reason, ...(range?.filters ?? {}) });
    bar.firstElementChild.style.width = `${(100 * orders) / most}%`;
    bar.firstElementChild.dataset.some = String(orders > 0);
    number.replaceChildren(count(orders), h("span.faint", {}, ` · ${percent(orders, ended)}`));
  });
}

export function startReasons() {
  watch(["orders", "days", "payments"], paint);
  onSpan(() => paint(known));
}
