// The read model's generations: which is read, which is built beside it, how the two differ, and the step from
// one to the other. Query's own, so that whoever may operate does it here.
import { ask, send, tell, told } from "../ask.js";
import { form } from "../actions/form.js";
import { calm, h, pill } from "../dom.js";
import { print } from "../exact.js";
import { count, many, moment, percent } from "../format.js";
import { lookAtOperation, onOperation } from "../operation.js";
import { may } from "../session.js";
import { parkedEvents, watchParked } from "./parked.js";
import { openSheet } from "./sheet.js";

const NAMES = { live: "read now", next: "new", previous: "read before" };

const overview = h("div");
/** What was asked for last: a form, a comparison, or what came of it. It stays while the overview goes on. */
const below = h("div.below", { "aria-live": "polite" });

export function showReadModel() {
  openSheet([h("h2", { id: "sheet-title" }, "Read model")], h("div.body", {}, h("p.soft", {}, "A new generation is folded from the streams beside the one that is read; nobody reads it before it is switched to."), overview, parkedEvents, below));
  below.replaceChildren();
  lookAtOperation();
}

watchParked({ show: (element) => below.replaceChildren(element), said, build });

onOperation(({ generations }) => {
  if (!overview.isConnected) return;
  if (!generations) return overview.replaceChildren(calm("Looking at it", ""));
  if (generations.why) return overview.replaceChildren(calm(generations.title, generations.why));
  const focused = document.activeElement?.dataset.deed;
  overview.replaceChildren(table(generations), deeds(generations));
  if (focused) overview.querySelector(`[data-deed="${focused}"]`)?.focus({ preventScroll: true });
});

function table(generations) {
  const heads = [h("th", { scope: "col" }, "Generation"), h("th", { scope: "col" }, "State"), h("th.number", { scope: "col" }, "Rows folded"), h("th.number.wide-only", { scope: "col" }, "Begun")];
  const rows = Object.keys(NAMES).filter((name) => generations[name]).map((name) => row(name, generations[name]));
  return h("table", {}, h("caption.unseen", {}, "Generations of the read model"), h("thead", {}, h("tr", {}, heads)),
    h("tbody", {}, rows.length ? rows : h("tr", {}, h("td", { colspan: 4 }, "There is none yet."))));
}

function row(name, { id, built, folded, rebuild, begun_at: begun }) {
  const share = rebuild ? ` · ${percent(folded ?? 0, rebuild.of)} of ${many(rebuild.of, "row")}` : "";
  return h("tr", {}, h("th.name.id", { scope: "row" }, id), h("td", {}, pill(built ? NAMES[name] : "being built", name === "live" ? "forward" : built ? "waiting" : "undo")),
    h("td.number", {}, `${count(folded)}${share}`), h("td.number.wide-only.soft", {}, moment(begun)));
}

/** What can be done now, by whoever may operate. */
function deeds({ next, previous }) {
  if (!may("operate")) return h("p.faint", {}, "It is rebuilt and switched by those whose token has the scope operate.");
  const deed = (name, label, act, tone) => h("button.do", { type: "button", "data-deed": name, "data-tone": tone, onclick: act }, label);
  return h("div.deeds", { role: "group", "aria-label": "What can be done" },
    next ? null : deed("build", "Build a new one", build),
    next ? deed("compare", "Compare with the one read", () => compare(next.id)) : null,
    next?.built ? deed("switch", "Switch to the new one", () => switchTo(next.id)) : null,
    next ? deed("discard", "Discard the new one", () => discard(next.id), "bad") : null,
    previous && !next ? deed("back", "Go back to the one before", () => switchTo(previous.id)) : null);
}

function said(words, tone = "soft") {
  below.replaceChildren(h(`p.${tone}`, { role: "status" }, words));
}
const failed = (error) => below.replaceChildren(h("p.wrong", { role: "alert" }, `${error.title}: ${error.message}`));

async function build() {
  await tell("/generations").then(({ id }) => said(`Generation ${id} is being built.`), failed);
  lookAtOperation();
}

/** Switching changes what everybody reads: it is asked for twice. */
function switchTo(id) {
  const leave = () => below.replaceChildren();
  below.replaceChildren(form({
    title: `Read generation ${id} from now on`, text: "All answers come from it at once. The one that is read now stays, to go back to.", button: "Switch", leave,
    submit: async () => {
      await tell(`/generations/${encodeURIComponent(id)}/activate`, {});
      said(`Generation ${id} is read.`);
      lookAtOperation();
    },
  }));
  below.querySelector("button").focus();
}

function discard(id) {
  const leave = () => below.replaceChildren();
  below.replaceChildren(form({
    title: `Discard generation ${id}`, text: "Nobody reads it. It can be built again.", button: "Discard", tone: "bad", leave,
    submit: async () => {
      await send(`/generations/${encodeURIComponent(id)}`, told("DELETE", null));
      said(`Generation ${id} is discarded.`);
      lookAtOperation();
    },
  }));
  below.querySelector("button").focus();
}

async function compare(id) {
  said("Comparing: everything that both hold is read.");
  try {
    const { same, views } = await ask(`/generations/${encodeURIComponent(id)}/comparison`);
    below.replaceChildren(h("p", { role: "status" }, pill(same ? "nothing differs" : "they differ", same ? "forward" : "refusal")),
      h("div.scrolls", { tabindex: 0, role: "group", "aria-label": "Comparison of the views" }, differences(views)), ...samples(views));
  } catch (error) {
    failed(error);
  }
}

function differences(views) {
  const heads = [h("th", { scope: "col" }, "View"), ...["Same", "Different", "Only read", "Only new", "Moving"].map((text) => h("th.number", { scope: "col" }, text))];
  const rows = Object.entries(views).map(([name, one]) => h("tr", {}, h("td", {}, name),
    [one.same, one.different, one.only_old, one.only_new, one.moving].map((number) => h("td.number", {}, count(number)))));
  return h("table", {}, h("caption.unseen", {}, "How the two generations differ"), h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows));
}

/** Some of what differs, both sides of it. */
function samples(views) {
  return Object.entries(views).flatMap(([view, { samples: some }]) => some.map(({ name, old, new: fresh }) =>
    h("details", {}, h("summary", {}, `${view}: ${name}`), h("pre", { tabindex: 0, role: "group", "aria-label": `Both sides of ${name}` }, print({ read: old, new: fresh })))));
}
