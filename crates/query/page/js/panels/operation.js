// How the system is run, in a few lines; each leads to where it can be looked at whole.
import { byId, h, keyed, pill, setText } from "../dom.js";
import { count, many, moment } from "../format.js";
import { onOperation } from "../operation.js";
import { known, watch } from "../store.js";

/** Colours of the verdicts of an audit. */
export const VERDICTS = { clean: "forward", broken: "refusal", unknown: "undo", nothing: "none" };

let seen = {};

function processes({ processes: found }) {
  if (!found) return { state: "…", tone: "none" };
  if (!found.processes) return { state: "not known here", tone: "none", note: found.why ?? "nobody supervises them here" };
  const down = found.processes.filter((one) => one.state !== "ready");
  const restarts = found.processes.reduce((sum, one) => sum + one.restarts, 0);
  const note = `${many(found.processes.length, "process").replace("processs", "processes")} · ${many(restarts, "restart")}`;
  return down.length ? { state: `${down.map((one) => one.process).join(", ")} not ready`, tone: "refusal", note } : { state: "all ready", tone: "forward", note };
}

function readModel({ generations: found }) {
  if (!found) return { state: "…", tone: "none" };
  if (found.why) return { state: found.title === "For operators" ? "for operators" : "not known now", tone: "none", note: found.why };
  if (found.next) return { state: found.next.built ? "a new one is built" : "a new one is being built", tone: "waiting", note: `generation ${found.next.id}` };
  return { state: found.live ? "one is read" : "none yet", tone: found.live ? "forward" : "undo", note: found.live ? `generation ${found.live.id}` : "" };
}

function audit({ audit: found }) {
  if (!found) return { state: "…", tone: "none" };
  if (found.why) return { state: "not known now", tone: "none", note: found.why };
  if (!found.last) return { state: "none yet", tone: "none", note: "murmur audit makes one" };
  const { verdict, at, examined } = found.last;
  return { state: verdict, tone: VERDICTS[verdict] ?? "none", note: `${moment(at)} · ${many(examined?.orders ?? 0, "order")}` };
}

/** Events that could not be folded: a figure for as long as there is no more to be done about them. */
function parked({ parked: number }) {
  if (number === undefined) return { state: "…", tone: "none" };
  return { state: number ? count(number) : "none", tone: number ? "undo" : "forward", note: number ? "events that could not be folded: some figures are incomplete" : "" };
}

function rows() {
  return [
    { name: "Processes", href: "#/processes", ...processes(seen) },
    { name: "Read model", href: "#/read-model", ...readModel(seen) },
    { name: "Parked events", href: "#/read-model", ...parked(known) },
    { name: "Last audit", href: "#/audit", ...audit(seen) },
  ];
}

function paint(body) {
  const create = ({ name, href }) => h("tr", {}, h("th.name", { scope: "row" }, h("a.row", { href }, name)), h("td"), h("td.soft"));
  keyed(body, rows(), (one) => one.name, create, (row, { state, tone, note }) => {
    const [, shown, more] = row.children;
    if (shown.textContent !== state || shown.firstElementChild?.dataset.tone !== tone) shown.replaceChildren(pill(state, tone));
    setText(more, note ?? "");
  });
}

export function startOperationPanel() {
  const heads = ["Part", "State", "More"].map((text) => h("th", { scope: "col" }, text));
  const table = h("table", {}, h("caption.unseen", {}, "How the system is run"), h("thead", {}, h("tr", {}, heads)), h("tbody"));
  byId("operation").replaceChildren(table);
  onOperation((state) => {
    seen = state;
    paint(table.tBodies[0]);
  });
  watch(["parked"], () => paint(table.tBodies[0]));
}
