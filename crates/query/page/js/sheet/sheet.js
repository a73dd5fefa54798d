// The sheet over the page: one order, customer or product, each with an address of its own.
import { byId, h } from "../dom.js";
import { go } from "../router.js";

/** What is not on the sheet, and out of reach while it is open. */
const BEHIND = ["top", "notice", "ways", "main", "foot"];
const FOCUSABLE = "a[href], button, summary, input, select, [tabindex]";

let before = null;
let refresh = null;
/** The list from which what is open was opened. */
let list = null;

/** What stays while what is on the sheet changes: a button that is pressed must not be another one meanwhile. */
const heading = h("div.title");
const close = h("button.tool", { type: "button", "aria-label": "Close", title: "Close (Esc)", onclick: closeSheet }, "✕");
const paper = h("div.paper", {}, h("header", {}, heading, close));

/** Whether something on the sheet is being pressed: painted anew, it would not be pressed any more. */
let held = false;
export const isHeld = () => held;

/** Opens the sheet, or changes what is on it. `again` is called when the figures have moved. */
export function openSheet(title, content, again) {
  const sheet = byId("sheet");
  if (sheet.hidden) before = document.activeElement;
  const focused = [...sheet.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
  heading.replaceChildren(...[title].flat());
  paper.children[1]?.remove();
  paper.append(content);
  if (!paper.isConnected) sheet.replaceChildren(paper);
  paper.scrollTop = 0;
  const opens = sheet.hidden;
  sheet.hidden = false;
  document.body.classList.add("covered");
  for (const part of BEHIND) byId(part).inert = true;
  if (opens) sheet.focus({ preventScroll: true });
  else if (focused >= 0) ([...sheet.querySelectorAll(FOCUSABLE)][focused] ?? sheet).focus({ preventScroll: true });
  refresh = again ?? null;
}

/** Back to the list that stands behind what is open, if there is one. */
export function closeSheet() {
  const here = location.hash.slice(1);
  go(list && list !== here ? list : "/");
}

/** What is opened from here on is closed to this list. */
export function listIsBehind(path) {
  list = path;
}

/** Shows the overview again. */
export function hideSheet() {
  const sheet = byId("sheet");
  refresh = null;
  list = null;
  if (sheet.hidden) return;
  sheet.hidden = true;
  sheet.replaceChildren();
  document.body.classList.remove("covered");
  for (const part of BEHIND) byId(part).inert = false;
  if (before?.isConnected) before.focus({ preventScroll: true });
}

/** Asks what is open to look again. */
export function refreshSheet() {
  if (!held) refresh?.();
}

export function startSheet() {
  byId("sheet").addEventListener("pointerdown", () => { held = true; });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { held = false; });
  byId("sheet").addEventListener("click", (event) => {
    if (event.target === byId("sheet")) closeSheet();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || byId("help").open || event.target === byId("search")) return;
    if (!byId("sheet").hidden) closeSheet();
  });
}
