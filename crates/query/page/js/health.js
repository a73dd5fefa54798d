// How everything is, decided in one place. What a process is, it says itself; how fresh the figures are
// is another matter, and is never concluded from the one to the other.
import { clockTime, count, many, millis, percent, words } from "./format.js";

/** `{ tone, bad }` of each state of a process. */
const STATES = {
  starting: { tone: "waiting" },
  ready: { tone: "forward" },
  unready: { tone: "undo", bad: true },
  disconnected: { tone: "undo", bad: true },
  fenced: { tone: "refusal", bad: true },
  stopping: { tone: "undo", bad: true },
  stopped: { tone: "refusal", bad: true },
  down: { tone: "refusal", bad: true },
  unknown: { tone: "none" },
};

/** A row on its way is in one place for a moment; one that stays there so long is worth a word. */
const ALONE_MS = 3_000;
const alone = new Map();

export const isLost = (s) => Boolean(s.lost);

export const brokerIsAway = (s) => s.processes?.broker.state === "away";

/** Whether the figures are of now, but for what is under way. */
export const isFresh = (s) => !isLost(s) && !brokerIsAway(s) && Boolean(s.read_model?.fresh);

/** Whether the figures are of a read model that is not yet built; while it has none, those of before stay. */
export const isPartial = (s) => s.read_model?.state === "rebuilding" && !s.problem && Boolean(s.orders);

/** The time that the figures are of, in milliseconds: ages are counted up to it, and stand still with it. */
export const asOf = (s) => millis(s.read_model?.as_of ?? s.at);

/** One service's process: `{ state, tone, bad, since, reason, choices }`. */
export function processOf(name, s) {
  const found = s.processes?.services.find((one) => one.service === name);
  const state = isLost(s) || !found ? "unknown" : found.state;
  const since = isLost(s) ? s.lost : millis(found?.since);
  const { reason, choices = [], held = [], last_said: said } = isLost(s) || !found ? {} : found;
  const process = { ...STATES[state] ?? STATES.unknown, state, since, reason, choices, held, said };
  if (held.length) return { ...process, tone: process.bad ? process.tone : "undo" };
  if (state !== "ready" || !staysAlone(found, millis(s.at))) return process;
  return { ...process, tone: "undo", alone: true, reason: found.redundant_reason };
}

/** Whether something of a service is in one place only, and its stream does not move on. */
function staysAlone({ service, redundant, acknowledged }, at) {
  if (redundant !== false) return alone.delete(service) && false;
  if (alone.get(service)?.acknowledged !== acknowledged) alone.set(service, { acknowledged, at });
  return at - alone.get(service).at > ALONE_MS;
}

/** `down since 12:00:03` */
export function stateInWords({ state, since, said, alone, held = [] }) {
  if (held.length) return `${state}, holds ${held.map((one) => one.stream.toUpperCase()).join(" and ")}`;
  if (alone) return `${state}, not redundant`;
  if (state === "unknown") return said ? `unknown, last ${said}` : state;
  const when = Number.isFinite(since) ? ` since ${clockTime(since)}` : "";
  if (state === "down" && !when) return "down, never heard";
  return state === "ready" || state === "starting" ? state : `${state}${when}`;
}

/** The parts that no service is: `{ name, text, bad }`. */
export function partsOf(s) {
  const { state, since, redis } = s.read_model ?? {};
  const lost = isLost(s);
  const at = (when) => ` since ${clockTime(millis(when))}`;
  const broker = brokerIsAway(s) ? `away${at(s.processes.broker.since)}` : "connected";
  const store = redis === "away" ? "away" : "connected";
  const unknown = lost || !s.read_model;
  return [
    { name: "This page", text: lost ? `lost at ${clockTime(s.lost)}` : "connected", bad: lost },
    { name: "Broker", text: unknown ? "unknown" : broker, bad: !unknown && brokerIsAway(s), unknown },
    { name: "Redis", text: unknown ? "unknown" : store, bad: !unknown && redis === "away", unknown },
    { name: "Projector", text: unknown ? "unknown" : projector(s, state, since), bad: !unknown && state !== "following", unknown },
  ];
}

function projector(s, state, since) {
  if (state === "rebuilding") return `rebuilding, ${built(s)}`;
  if (state === "following" && !isFresh(s)) return "waits for the broker";
  return state === "following" ? "following" : `${words(state)} since ${clockTime(millis(since))}`;
}

/** How much of the streams is folded, as far as their ends are known. */
export function built(s) {
  const streams = Object.values(s.freshness?.streams ?? {});
  const folded = streams.reduce((sum, one) => sum + one.folded, 0);
  const all = streams.reduce((sum, one) => sum + Math.max(one.last ?? 0, one.folded), 0);
  if (!all) return "no event folded yet";
  const known = streams.every((one) => one.last !== null);
  return known ? `${percent(folded, all)} of ${count(all)} events folded` : `${many(folded, "event")} folded`;
}

/** What is wrong, the worst first: `{ key, text, more, lost }`; `more` changes while the rest stays, and what
    has another text than before has another key, but for a time that comes to be known. */
export function faultsOf(s) {
  const faults = isLost(s) ? [connectionFault(s)] : s.read_model ? [...brokerFaults(s), ...readModelFaults(s), ...serviceFaults(s)] : [];
  if (!faults.some((one) => one.stale)) return faults;
  return [...faults, figuresFault(s)];
}

/** What the figures are that are shown. */
function figuresFault(s) {
  if (!s.orders) return { key: "no figures", text: "There are no figures yet." };
  if (isPartial(s)) return { key: "partial", text: "The figures are incomplete." };
  return { key: "stale", text: `The figures are as of ${clockTime(asOf(s))}.` };
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

const connectionFault = (s) => ({ key: "connection", lost: true, stale: true, text: `The connection was lost at ${clockTime(s.lost)}; trying again. How the services are is not known.` });

function brokerFaults(s) {
  if (!brokerIsAway(s)) return [];
  const since = clockTime(millis(s.processes.broker.since));
  return [{ key: "broker", lost: true, stale: true, text: `The broker is away since ${since}. How the services are is not known.` }];
}

function readModelFaults(s) {
  const { state, since, reason, redis } = s.read_model;
  const stale = !isFresh(s);
  const at = clockTime(millis(since));
  if (redis === "away") return [{ key: "redis", lost: true, stale, text: `Redis is away${state === "away" ? ` since ${at}` : ""}.` }];
  if (state === "away") return [{ key: `projector ${reason}`, lost: true, stale, text: `The projector folds nothing since ${at}: ${reason}.` }];
  // Redis may be found empty by a question before the projector finds it so.
  if (state === "rebuilding" || s.problem?.type === "rebuilding") return [{ key: "rebuilding", stale, text: "The read model is being rebuilt from the streams.", more: sentence(built(s)) }];
  if (state === "catching_up") return [{ key: "catching-up", stale, text: "The read model catches up with the streams.", more: sentence(built(s)) }];
  if (state === "stale_version") return [{ key: "stale-version", stale, text: "The read model was folded by an older build, and a new one has to be built." }];
  if (s.problem) return [{ key: s.problem.type, lost: true, stale, text: `${s.problem.title}${s.problem.detail ? `: ${s.problem.detail}` : ""}.` }];
  if (!stale || brokerIsAway(s)) return [];
  const unread = Object.entries(s.freshness?.streams ?? {}).filter(([, one]) => !one.connected || one.alarm);
  const names = unread.map(([name, one]) => (one.alarm ? `${name} (${one.alarm})` : name)).join(", ");
  return [{ key: `unread ${names}`, stale, text: names ? `These streams cannot be read: ${names}.` : "The projector reads nothing." }];
}

/** `it holds ORDER before row 7: …`, for each stream that a service holds. */
export const holds = ({ held }) => held.map(({ stream, row, reason }) => `it holds ${stream.toUpperCase()} before row ${count(row)}: ${reason.replace(`row ${row}: `, "")}`);

const whyFenced = ({ state, reason }) => (state === "fenced" ? `: ${reason}` : "");

function serviceFaults(s) {
  const services = s.processes?.services ?? [];
  return services.map(({ service }) => ({ service, ...processOf(service, s) })).filter((one) => one.bad || one.held.length)
    .map((one) => ({ key: `${one.service} ${one.state}${whyFenced(one)} ${holds(one)}`, text: `${one.service} is ${stateInWords(one)}${whyFenced(one)}.` }));
}

/** What stands in the header: `{ state, text }`. */
export function headline(s) {
  if (isLost(s)) return { state: "lost", text: "Connection lost" };
  if (!s.read_model) return { state: "connecting", text: "Connecting" };
  if (brokerIsAway(s)) return { state: "lost", text: "Broker away" };
  if (s.read_model.redis === "away") return { state: "lost", text: "Redis away" };
  if (s.read_model.state !== "following") return { state: "warn", text: { rebuilding: "Rebuilding", catching_up: "Catching up", away: "Projector away", stale_version: "Old read model" }[s.read_model.state] ?? words(s.read_model.state) };
  if (!isFresh(s)) return { state: "warn", text: "Stands still" };
  if (s.problem) return { state: "warn", text: "Incomplete" };
  const services = (s.processes?.services ?? []).map(({ service }) => processOf(service, s));
  const bad = services.filter((one) => one.bad).length;
  if (bad) return { state: "warn", text: `${bad} of ${services.length} not ready` };
  const held = services.reduce((sum, one) => sum + one.held.length, 0);
  return held ? { state: "warn", text: `${many(held, "stream")} held` } : { state: "live", text: "Live" };
}
