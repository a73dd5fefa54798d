// The choreography, alive: how much flows along each line, and what is still owed at its end.
import { rates } from "../counters.js";
import { ask } from "../ask.js";
import { byId, calm, setText } from "../dom.js";
import { compact, count, duration, millis, rate, words } from "../format.js";
import { known, watch } from "../store.js";
import { arrange } from "./layout.js";
import { draw, table } from "./draw.js";

/** What is owed for a moment is work under way; for longer it is a backlog, and then it is late. */
const OWED_MS = 300;
const LATE_MS = 2_000;

/** Who listens to a table does not want it to change while it is read out. */
const TABLE_MS = 5_000;

let drawing = null;
let drawn = null;
let width = 0;
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
  if (!drawing || room === 0 || room === width) return;
  width = room;
  tabled = 0;
  drawn = draw(arrange(drawing, room), stepOf);
  drawn.table = table([]);
  host.replaceChildren(drawn.root, drawn.table);
  paint(known);
}

function paint(s) {
  if (!drawn || !s.backlog) return;
  for (const line of drawn.lines) paintLine(line, s);
  for (const box of drawn.boxes) paintBox(box, s);
  if (Date.now() - tabled < TABLE_MS) return;
  tabled = Date.now();
  const rows = drawn.lines.map(({ edge }) => [edge.event, edge.to, rate(rates.of(edge.event)), count(owedOn(edge, s)?.orders ?? 0)]);
  const fresh = table(rows);
  drawn.table.replaceWith(fresh);
  drawn.table = fresh;
}

const owedOn = (edge, s) => s.backlog.owed.find((debt) => debt.service === edge.to && debt.because === edge.event);

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
  const age = debt ? millis(s.at) - millis(debt.since) : 0;
  owed.group.setAttribute("visibility", age > OWED_MS ? "visible" : "hidden");
  if (age <= OWED_MS) return;
  setText(owed.number, compact(debt.orders));
  const wide = Math.max(22, 12 + 7 * owed.number.textContent.length);
  owed.plate.setAttribute("width", wide);
  owed.plate.setAttribute("x", -wide / 2);
  owed.group.dataset.late = String(age > LATE_MS);
  setText(owed.title, `${count(debt.orders)} ${debt.orders === 1 ? "order waits" : "orders wait"} for ${debt.service}, the first for ${duration(age)}`);
}

/** How a service stands, by what it owes and by its stream. */
export function standing(name, s) {
  const stream = s.freshness?.streams?.[name.toUpperCase()];
  const late = s.backlog.owed.filter((debt) => debt.service === name && !debt.because.startsWith("timer"));
  const oldest = Math.max(0, ...late.map((debt) => millis(s.at) - millis(debt.since)));
  const owes = late.reduce((sum, debt) => sum + debt.orders, 0);
  if (stream?.alarm) return { health: "bad", owes, oldest, text: stream.alarm };
  if (stream && !stream.connected) return { health: "bad", owes, oldest, text: "stream not read" };
  if (oldest > LATE_MS) return { health: "late", owes, oldest, text: `owes ${compact(owes)} for ${duration(oldest)}` };
  return { health: "well", owes, oldest, text: "" };
}

function paintBox({ name, group, state }, s) {
  const { health, text } = standing(name, s);
  const window = s.backlog.owed.find((debt) => debt.service === name && debt.because.startsWith("timer"));
  if (group.dataset.health !== health) group.dataset.health = health;
  const speed = rates.of(name.toUpperCase());
  const waits = window ? ` · ${compact(window.orders)} in the ${words(window.because).replace("timer ", "")}` : "";
  setText(state, text || `${rate(speed)}${waits}`);
}

export async function startGraph() {
  new ResizeObserver(redraw).observe(byId("graph"));
  watch(["at"], paint);
  try {
    drawing = await ask("/choreography");
    redraw();
  } catch (error) {
    byId("graph").replaceChildren(calm("The choreography cannot be drawn", error.message));
  }
}

