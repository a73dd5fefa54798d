// How the processes are run, what the last audit found, and what could not be folded: looked at while somebody
// looks at the page.
import { ask } from "./ask.js";
import { may } from "./session.js";

const EVERY_MS = 5_000;

const followers = new Set();
let state = { processes: null, audit: null, generations: null, parked: null };

/** Calls `follow(state)` with what is known by now, and whenever something else is. */
export function onOperation(follow) {
  followers.add(follow);
  follow(state);
}

/** What is answered, or why not: `{ why, status }`. */
const read = (path) => ask(path).catch((error) => ({ why: error.message, title: error.title, status: error.status }));

/** Looks at all of it at once. */
export async function lookAtOperation() {
  // Who may not operate is not told of generations: a question would only be refused.
  const builds = may("operate") ? read("/generations") : { why: "It takes a token with the scope operate", title: "For operators" };
  const [processes, audit, generations, parked] = await Promise.all([read("/supervised"), read("/audit"), builds, read("/parked")]);
  state = { processes, audit, generations, parked };
  followers.forEach((follow) => follow(state));
}

export function startOperation() {
  lookAtOperation();
  setInterval(() => {
    if (!document.hidden) lookAtOperation();
  }, EVERY_MS);
}
