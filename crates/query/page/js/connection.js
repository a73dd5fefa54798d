// The live connection: says whether it is there, and comes back by itself.
import { parse } from "./exact.js";
import { signedIn } from "./session.js";
import { known, take } from "./store.js";

/** The service sends something each second; so much silence is a lost connection. */
const SILENCE_MS = 6_000;
const RETRY_MS = 1_000;

let source = null;
let lastHeard = 0;
let retry = null;
const onBack = new Set();

/** Calls `again` whenever the connection is there again after it was lost. */
export function whenBack(again) {
  onBack.add(again);
}

function open() {
  retry = null;
  source?.close();
  source = new EventSource("/live");
  lastHeard = Date.now();
  source.onmessage = (message) => hear(message);
  source.onerror = () => lose();
}

/** What was lost may be the right to listen: who has signed in is asked first. */
async function again() {
  await signedIn();
  open();
}

function hear(message) {
  lastHeard = Date.now();
  const wasLost = Boolean(known.lost);
  take({ ...parse(message.data), lost: null });
  if (wasLost) for (const again of onBack) again();
}

function lose() {
  source?.close();
  source = null;
  // A wake of many pages must not come all in one moment.
  retry ??= setTimeout(again, RETRY_MS * (1 + Math.random() / 2));
  if (!known.lost) take({ lost: Date.now() });
}

function lookAtTheClock() {
  if (source && Date.now() - lastHeard > SILENCE_MS) lose();
}

export function startConnection() {
  open();
  setInterval(lookAtTheClock, 1_000);
  addEventListener("online", () => {
    if (known.lost) {
      clearTimeout(retry);
      open();
    }
  });
}
