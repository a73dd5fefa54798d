// The live connection: says how it is, and comes back by itself.
import { byId, setText } from "./dom.js";
import { duration, time } from "./format.js";
import { take } from "./store.js";

/** The service sends something each second; so much silence is a lost connection. */
const SILENCE_MS = 6_000;
const RETRY_MS = 1_000;

let source = null;
let lastHeard = 0;
let lostSince = null;
let retry = null;
const onBack = new Set();

/** Calls `again` whenever the connection is there again after it was lost. */
export function whenBack(again) {
  onBack.add(again);
}

export const isLost = () => lostSince !== null;

function open() {
  retry = null;
  source?.close();
  source = new EventSource("/live");
  lastHeard = Date.now();
  source.onmessage = (message) => hear(message);
  source.onerror = () => lose();
}

function hear(message) {
  lastHeard = Date.now();
  const wasLost = lostSince !== null;
  lostSince = null;
  take(JSON.parse(message.data));
  show();
  if (wasLost) for (const again of onBack) again();
}

function lose() {
  lostSince ??= Date.now();
  source?.close();
  source = null;
  // A wake of many pages must not come all in one moment.
  retry ??= setTimeout(open, RETRY_MS * (1 + Math.random() / 2));
  show();
}

function show() {
  const pill = byId("connection");
  const state = lostSince !== null ? "lost" : "live";
  if (pill.dataset.state !== state) pill.dataset.state = state;
  setText(pill.lastElementChild, state === "live" ? "Live" : "Connection lost");
  const notice = byId("notice");
  if (state === "lost") {
    notice.dataset.kind = "lost";
    const since = `The connection was lost at ${time(lostSince)}, ${duration(Math.floor((Date.now() - lostSince) / 1000) * 1000)} ago. `;
    setText(notice, `${since}The figures are those of then; trying again.`);
    notice.hidden = false;
  } else if (notice.dataset.kind === "lost") {
    notice.hidden = true;
    notice.dataset.kind = "";
  }
}

function lookAtTheClock() {
  if (source && Date.now() - lastHeard > SILENCE_MS) lose();
  else if (lostSince !== null) show();
}

export function startConnection() {
  open();
  setInterval(lookAtTheClock, 1_000);
  addEventListener("online", () => {
    if (lostSince !== null) {
      clearTimeout(retry);
      open();
    }
  });
}
