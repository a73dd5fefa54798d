// The choreography, alive: how much flows along each line, and what is still owed at its end.
import { rates } from "../counters.js";
import { ask } from "../ask.js";
import { byId, calm, setText } from "../dom.js";
import { compact, count, duration, millis, rate, words } from "../format.js";
import { asOf, isFresh, processOf, stateInWords } from "../health.js";
import { known, watch } from "../store.js";
import { arrange } from "./layout.js";
import { draw, table } from "./draw.js";
import { namesOf, newcomersOf, withNewcomers } from "./newcomers.js";

/** What is owed for a moment is work under way; for longer it is a backlog, and then it is late. */
const OWED_MS = 300;
const LATE_MS = 2_000;

/** Narrower than this, a box holds a word or two. */
const TIGHT = 150;

/** Who listens to a table does not want it to change while it is read out. */
const TABLE_MS = 5_000;

let drawing = null;
let drawn = null;
let width = 0;
let beside = "";
let tabled = 0;

/** The step that an event is: forward, refusal or undo. */
export function stepOf(event) {
  return drawing?.events.find((one) => one.event === event)?.step ?? "forward";
}

/** The choreography, once it is known. */
export const choreography = () => drawing;

function redraw() {
  const host = byId("graph");
  const room = host.clientWidth;
  const newcomers = newcomersOf(known);
  if (!drawing || room === 0 || (room === width && beside === namesOf(newcomers))) return;
  width = room;
  beside = namesOf(newcomers);
  tabled = 0;
  drawn = draw(arrange(withNewcomers(drawing, newcomers), room), stepOf);
  drawn.table = table([]);
  host.replaceChildren(drawn.root, drawn.table);
  paint(known);
}

function paint(s) {
  if (!drawn || !s.at) return;
  if (beside !== namesOf(newcomersOf(s))) return redraw();
  for (const line of drawn.lines) paintLine(line, s);
  for (const box of drawn.boxes) paintBox(box, s);
  if (Date.now() - tabled < TABLE_MS) return;
  tabled = Date.now();
  const rows = drawn.lines.map(({ edge }) => [edge.event, edge.to, isFresh(s) ? rate(rates.of(edge.event)) : "unknown", count(owedOn(edge, s)?.orders ?? 0)]);
  const fresh = table(rows);
  drawn.table.replaceWith(fresh);
  drawn.table = fresh;
}

const owedOn = (edge, s) => s.backlog?.owed.find((debt) => debt.service === edge.to && debt.because === edge.event);

function paintLine({ edge, flow, rate: text, owed }, s) {
  const speed = rates.of(edge.event);
  setText(text, speed > 0 ? rate(speed) : "·");
  const flows = String(speed > 0);
  if (flow.dataset.flows !== flows) flow.dataset.flows = flows;
  // Each tenfold is twice as quick: a busy line looks busy, and no line flickers.
  const seconds = speed > 0 ? (2.6 / 2 ** Math.max(-1, Math.log10(speed))).toFixed(1) : "3.0";
  if (flow.dataset.seconds !== seconds) {
    flow.dataset.seconds = seconds;
    flow.style.animationDuration = `${seconds}s`;
  }
  paintOwed(owed, owedOn(edge, s), s);
}

function paintOwed(owed, debt, s) {
  const age = debt ? asOf(s) - millis(debt.since) : 0;
  owed.group.setAttribute("visibility", age > OWED_MS ? "visible" : "hidden");
  if (age <= OWED_MS) return;
  setText(owed.number, compact(debt.orders));
  const wide = Math.max(22, 12 + 7 * owed.number.textContent.length);
  owed.plate.setAttribute("width", wide);
  owed.plate.setAttribute("x", -wide / 2);
  owed.group.dataset.late = String(age > LATE_MS);
  setText(owed.title, `${count(debt.orders)} ${debt.orders === 1 ? "order waits" : "orders wait"} for ${debt.service}, the first for ${duration(age)}`);
}

/** What a service owes to the orders that are not settled, as far as is folded; what waits for a timer is not late. */
export function owedBy(name, s) {
  const debts = s.backlog?.owed.filter((debt) => debt.service === name && !debt.because.startsWith("timer")) ?? [];
  const age = Math.max(0, ...debts.map((debt) => asOf(s) - millis(debt.since)));
  return { age, orders: debts.reduce((sum, debt) => sum + debt.orders, 0) };
}

const oneWord = ({ state, said }) => (state === "unknown" && said ? `last ${said}` : state);

/** Which of all that is known of a service is worth its colour. */
function healthOf(name, s, tight) {
  const process = processOf(name, s);
  if (process.bad || process.state === "unknown") return { health: process.bad ? "bad" : "unknown", text: tight ? oneWord(process) : stateInWords(process) };
  if (process.held.length) return { health: "late", text: tight ? "holds" : stateInWords(process) };
  const owed = owedBy(name, s);
  if (isFresh(s) && owed.age > LATE_MS) return { health: "late", text: `owes ${compact(owed.orders)} for ${duration(owed.age)}` };
  return { health: "well", text: process.state === "ready" ? "" : process.state };
}

function paintBox({ name, group, state, room }, s) {
  const { health, text } = healthOf(name, s, room < TIGHT);
  const window = s.backlog?.owed.find((debt) => debt.service === name && debt.because.startsWith("timer"));
  if (group.dataset.health !== health) group.dataset.health = health;
  const stream = name.toUpperCase();
  // Of a service beside the shop's, nothing is folded.
  const isFolded = stream in (s.freshness?.streams ?? {});
  const waits = window ? ` · ${compact(window.orders)} in the ${words(window.because).replace("timer ", "")}` : "";
  setText(state, text || (isFolded ? `${isFresh(s) ? rate(rates.of(stream)) : "–"}${waits}` : ""));
}

export async function startGraph() {
  new ResizeObserver(redraw).observe(byId("graph"));
  watch(["at", "lost"], paint);
  try {
    drawing = await ask("/choreography");
    redraw();
  } catch (error) {
    byId("graph").replaceChildren(calm("The choreography cannot be drawn", error.message));
  }
}

