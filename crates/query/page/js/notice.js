// What stands above the figures when anything is down, and what stands in the header. It is also spoken,
// but only when something else is wrong than before: what counts on is not worth a word each second.
import { byId, h, setText } from "./dom.js";
import { faultsOf, headline, isFresh } from "./health.js";
import { known, watch } from "./store.js";

let spoken = "";

function speak(faults) {
  const keys = faults.map((one) => one.key).join();
  if (keys === spoken) return;
  spoken = keys;
  setText(byId("spoken"), faults.length ? faults.map((one) => one.text).join(" ") : "Everything is connected and well.");
}

function paint(s) {
  const [faults, { state, text }] = [faultsOf(s), headline(s)];
  const pill = byId("connection");
  pill.dataset.state = state;
  setText(pill.lastElementChild, text);
  document.documentElement.dataset.fresh = String(isFresh(s) || state === "connecting");
  const notice = byId("notice");
  notice.hidden = !faults.length;
  notice.dataset.kind = faults.some((one) => one.lost) ? "lost" : "";
  const words = faults.map((one) => `${one.text}${one.more ? ` ${one.more}` : ""}`);
  if (notice.textContent !== words.join("")) notice.replaceChildren(...words.map((one) => h("p", {}, one)));
  speak(faults);
}

export function startNotice() {
  watch(["at", "lost"], () => paint(known));
}
