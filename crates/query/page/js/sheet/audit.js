// What the last audit found, check by check. `murmur audit` makes one; the page only shows it.
import { calm, h, pill } from "../dom.js";
import { ago, count, millis, moment } from "../format.js";
import { lookAtOperation, onOperation } from "../operation.js";
import { VERDICTS } from "../panels/operation.js";
import { openSheet } from "./sheet.js";

const FINDINGS_MAX = 5;

const host = h("div.body");

export function showAudit() {
  openSheet([h("h2", { id: "sheet-title" }, "Last audit")], host);
  lookAtOperation();
}

onOperation(({ audit }) => {
  if (!audit) return host.replaceChildren(calm("Looking for it", ""));
  if (audit.why) return host.replaceChildren(calm(audit.title, audit.why));
  if (!audit.last) return host.replaceChildren(calm("No audit was made here yet", "murmur audit makes one, and leaves what it found"));
  const { at, verdict, conclusion, checks = [] } = audit.last;
  const age = `${moment(at)}, ${ago(Date.now() - millis(at))}`;
  host.replaceChildren(h("p", {}, pill(verdict, VERDICTS[verdict] ?? "none"), " ", h("span.soft", {}, age)),
    h("p", {}, conclusion), h("div.scrolls", { tabindex: 0, role: "group", "aria-label": "Checks" }, table(checks)));
});

function table(checks) {
  const heads = [h("th", { scope: "col" }, "Check"), h("th.number", { scope: "col" }, "Examined"), h("th", { scope: "col" }, "Verdict")];
  return h("table", {}, h("caption.unseen", {}, "Each check of the audit"), h("thead", {}, h("tr", {}, heads)), h("tbody", {}, checks.map(row)));
}

function row({ invariant, examined, findings = [], unknown, sentence }) {
  const verdict = findings.length ? pill(`broken ${count(findings.length)} times`, "refusal") : unknown ? pill("not compared", "undo") : pill("holds", "forward");
  const more = [...findings.slice(0, FINDINGS_MAX).map((one) => (typeof one === "string" ? one : JSON.stringify(one))), unknown].filter(Boolean);
  return h("tr", {}, h("td", {}, sentence ?? String(invariant), more.map((text) => h("p.faint", {}, text))),
    h("td.number.soft", {}, count(examined)), h("td", {}, verdict));
}
