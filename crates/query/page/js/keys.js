// The keyboard: one place that says which key does what.
import { byId, h } from "./dom.js";
import { go } from "./router.js";
import { hideSheet } from "./sheet/sheet.js";
import { toggleTheme } from "./theme.js";

const KEYS = [
  ["/", "find an order, a customer or a product"],
  ["j", "next row", "k", "row before"],
  ["↵", "open what is selected"],
  ["Esc", "close, or leave the search"],
  ["t", "light or dark"],
  ["?", "these keys"],
];

const rows = () => [...document.querySelectorAll("main a.row, .sheet a.row")].filter((row) => row.offsetParent !== null);

function step(by) {
  const inSheet = !byId("sheet").hidden;
  const all = rows().filter((row) => inSheet === Boolean(row.closest(".sheet")));
  const at = all.indexOf(document.activeElement);
  const next = all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function helpDialog() {
  const keys = KEYS.map((all) => {
    const pairs = [];
    for (let at = 0; at < all.length; at += 2) pairs.push([all[at], all[at + 1]]);
    return [h("dt", {}, pairs.map(([key]) => h("kbd", {}, key))), h("dd", {}, pairs.map(([, what]) => what).join(", "))];
  });
  byId("help").replaceChildren(h("h2", { id: "help-title" }, "Keyboard shortcuts"), h("dl", {}, keys.flat()));
}

function toggleHelp() {
  const help = byId("help");
  if (help.open) help.close();
  else help.showModal();
}

/** The overview is shown at once, and not when the address has changed. */
function hideForSearch() {
  hideSheet();
  go("/");
}

const ACTIONS = {
  "/": () => {
    // The sheet covers it.
    if (!byId("sheet").hidden) hideForSearch();
    byId("search").focus();
  },
  "?": toggleHelp,
  t: toggleTheme,
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
};

const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const arrows = event.key.startsWith("Arrow");
  // Arrows go on scrolling the page until a row has been chosen.
  if (arrows && !document.activeElement?.classList.contains("row")) return;
  const act = ACTIONS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

export function startKeys() {
  helpDialog();
  byId("help-button").addEventListener("click", toggleHelp);
  byId("help").addEventListener("click", (event) => {
    if (event.target === byId("help")) byId("help").close();
  });
  addEventListener("keydown", press);
}
