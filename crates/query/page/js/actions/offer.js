// What can be done with what is shown: a button each, and its form in their place once it is chosen.
import { h } from "../dom.js";
import { may } from "../session.js";
import { isReached } from "./owners.js";

/**
 * The buttons of `deeds`: `{ label, tone, scope, service, open(leave) }`, where `open` makes the form. Only those
 * are offered that whoever has signed in may do. `again` is called when a form is left.
 */
export function offer(deeds, again) {
  const allowed = deeds.filter(({ scope, service }) => may(scope) && isReached(service));
  const host = h("div.deeds", { role: "group", "aria-label": "What can be done" });
  const leave = () => {
    host.replaceChildren(...buttons());
    host.querySelector("button")?.focus();
    again?.();
  };
  const choose = async ({ open }) => {
    const form = await open(leave);
    host.replaceChildren(form);
    form.querySelector("input, select, button")?.focus();
  };
  const buttons = () => allowed.map((deed) => h("button.do", { type: "button", "data-tone": deed.tone, onclick: () => choose(deed) }, deed.label));
  host.replaceChildren(...buttons());
  return allowed.length ? host : null;
}

/** Whether a form is being filled in on the sheet: then nothing there is painted anew. */
export const isActing = () => Boolean(document.querySelector("#sheet form.act"));
