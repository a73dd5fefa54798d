// The processes as their supervisor sees them; each leads to the end of its log.
import { ask } from "../ask.js";
import { calm, h, pill, setText } from "../dom.js";
import { ago, count, millis, moment } from "../format.js";
import { lookAtOperation, onOperation } from "../operation.js";
import { isStill, logPath } from "../router.js";
import { may } from "../session.js";
import { openSheet } from "./sheet.js";

const TONES = { ready: "forward", starting: "waiting", stopping: "undo", waiting: "undo", paused: "undo", stopped: "refusal", "not ready": "refusal" };

const host = h("div.body");

const title = (text, id) => [h("h2", { id: "sheet-title" }, text, id ? " " : null, id ? h("span.id", {}, id) : null)];

export function showProcesses() {
  openSheet(title("Processes"), host);
  lookAtOperation();
}

onOperation(({ processes }) => {
  if (!processes) return host.replaceChildren(calm("Looking at them", ""));
  if (!processes.processes) return host.replaceChildren(calm(processes.title ?? "Nobody supervises the processes here", processes.why ?? "Where murmur up has started them, it is told here"));
  host.replaceChildren(h("div.scrolls", { tabindex: 0, role: "group", "aria-label": "Processes" }, table(processes.processes)));
});

function table(processes) {
  const heads = [h("th", { scope: "col" }, "Process"), h("th", { scope: "col" }, "State"), h("th.number", { scope: "col" }, "Restarts"),
    h("th.number", { scope: "col" }, "Runs since"), h("th.wide-only", { scope: "col" }, "How it last ended"), h("th", { scope: "col" }, "Log")];
  return h("table", {}, h("caption.unseen", {}, "Processes, as their supervisor sees them"), h("thead", {}, h("tr", {}, heads)), h("tbody", {}, processes.map(row)));
}

function row({ process, state, reason, restarts, running_since: since, last_death: death }) {
  const runs = since ? `${moment(since)}, ${ago(Date.now() - millis(since)).replace(" ago", "")}` : "–";
  return h("tr", {}, h("th.name", { scope: "row" }, process),
    h("td", {}, pill(state, TONES[state] ?? "none"), reason ? h("p.faint", {}, reason) : null),
    h("td.number", {}, count(restarts)), h("td.number.soft", {}, runs), h("td.wide-only.soft", {}, death ?? "–"),
    h("td", {}, may("operate") ? h("a.row.link", { href: logPath(process), "aria-label": `last lines of ${process}` }, "last lines") : h("span.faint", {}, "for operators")));
}

/** The last lines that a process has written. */
export async function showLog(process) {
  const address = location.hash;
  const lines = h("div", {}, calm("Reading it", ""));
  const again = h("button.do", { type: "button", onclick: () => read() }, "Read again");
  const note = h("p.soft", {}, "the last lines, the newest at the end");
  openSheet([...title("Log of", process), note], h("div.body", {}, h("div.buttons", {}, again, h("a.leave", { href: "#/processes" }, "All processes")), lines));
  const read = async () => {
    const found = await ask(`/logs/${encodeURIComponent(process)}`).catch((error) => error);
    if (!isStill(address)) return;
    if (found instanceof Error) return lines.replaceChildren(calm(found.title, found.message));
    const text = h("pre.log", { tabindex: 0, role: "group", "aria-label": `Last lines of ${process}` }, found.lines.length ? found.lines.join("\n") : "It has written nothing.");
    lines.replaceChildren(text);
    text.scrollTop = text.scrollHeight;
    setText(note, `the last ${count(found.lines.length)} lines, the newest at the end`);
  };
  await read();
}
