// The span of time that the charts show: the last minutes, hours or days, or business days of one's own
// choosing. It is kept from one visit to the next.
import { ask } from "./ask.js";
import { SPANS } from "./series.js";

const KEY = "murmur-span";
const RANGE_KEY = "murmur-range";

/** A range is read again that often while it is shown: its last day may go on. */
const READ_AGAIN_MS = 15_000;

const followers = new Set();

/** `{ from, to, days, why }` of the range that was chosen; without days until they were read. */
let range = stored();
let read = 0;
let span = SPANS[localStorage.getItem(KEY)] ? localStorage.getItem(KEY) : "minutes";

function stored() {
  const [from, to] = (localStorage.getItem(RANGE_KEY) ?? "").split("/");
  return { from: from ?? "", to: to ?? "", days: null, why: null };
}

export const chosenSpan = () => span;
export const chosenRange = () => range;

/** Calls `follow` whenever something else is to be shown. */
export function onSpan(follow) {
  followers.add(follow);
}

const tell = () => followers.forEach((follow) => follow());

export function chooseSpan(name) {
  span = name;
  localStorage.setItem(KEY, name);
  tell();
  if (span === "range") readRange();
}

export function chooseRange(from, to) {
  range = { from, to, days: null, why: null };
  localStorage.setItem(RANGE_KEY, `${from}/${to}`);
  tell();
  readRange();
}

async function readRange() {
  const { from, to } = range;
  if (!from || !to) return;
  read = Date.now();
  const found = await ask(`/days?${new URLSearchParams({ from, to })}`).then(({ days }) => ({ days, why: null }), (error) => ({ days: range.days, why: error.message }));
  if (range.from !== from || range.to !== to) return;
  range = { from, to, ...found };
  tell();
}

/** The days that the charts show, if it is days that they show: `{ days, words, filters }`. */
export function chosenDays(s) {
  if (span === "days") return { days: s.days ?? [], words: "of the last business days with orders", filters: {} };
  if (span !== "range" || !range.days) return null;
  const { from, to, days } = range;
  return { days, words: `of business days ${from} to ${to}`, filters: { from, to } };
}

export function startSpan() {
  setInterval(() => {
    if (span === "range" && Date.now() - read >= READ_AGAIN_MS && !document.hidden) readRange();
  }, 1_000);
  if (span === "range") readRange();
}
