// An order as it was after each of its events: a slider below the lanes, which are drawn up to there.
import { h, setText } from "../dom.js";
import { count, eventName, millis, precise, serviceOf } from "../format.js";

/** Where somebody has gone back to: of which order, and after how many events. None while it is shown as it is now. */
let place = null;

/** After how many of its events the order is shown. */
export function shownAfter({ order_id: id, timeline }) {
  return place?.id === id ? Math.min(place.after, timeline.length) : timeline.length;
}

/**
 * The slider of an order. `draw()` draws the lanes anew; what the order's state was comes from its own events. One
 * that has but one event has no past.
 */
export function travel(order, draw) {
  const last = order.timeline.length;
  if (last < 2) return null;
  const told = h("p.soft", { id: "travel-told" });
  const slider = h("input", { id: "travel", type: "range", min: 1, max: last, step: 1 });
  const now = h("button.leave", { type: "button", onclick: () => { goTo(last); slider.focus(); } }, "As it is now");
  const tell = () => {
    const after = shownAfter(order);
    const text = sentence(order, after);
    slider.value = String(after);
    slider.setAttribute("aria-valuetext", text);
    setText(told, text);
    // What is focused must not vanish: it is offered, and does nothing where there is nothing to do.
    now.setAttribute("aria-disabled", String(after === last));
  };
  const goTo = (after) => {
    place = after === last ? null : { id: order.order_id, after };
    tell();
    draw();
  };
  slider.addEventListener("input", () => goTo(Number(slider.value)));
  tell();
  return h("div.travel", { role: "group", "aria-label": "The order as it was" }, h("label", { for: "travel" }, "As it was after"), slider, now, told);
}

function sentence(order, after) {
  const step = order.timeline[after - 1];
  const which = after === order.timeline.length ? `all ${count(after)} events` : `${count(after)} of ${count(order.timeline.length)} events`;
  const waited = precise(Math.max(0, millis(step.time) - millis(order.placed_at)));
  return `After ${which}, ${waited} after it was placed: ${step.type}. The order was ${stateAfter(order, after)}.`;
}

/** An order is in the state that its own service's last event names. */
function stateAfter(order, after) {
  const own = order.timeline.slice(0, after).filter((step) => serviceOf(step.type) === "order");
  return own.length ? eventName(own.at(-1).type) : "not placed";
}
