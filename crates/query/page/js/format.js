// Numbers, money and time, as people read them.
import { decimalsOf } from "./currencies.js";
import { decimal, isExact } from "./exact.js";

const LOCALE = "en-GB";
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const hourOf = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const dayOf = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const currencies = new Map();

function currencyFormat(currency, style) {
  const key = `${currency}/${style}`;
  if (!currencies.has(key)) {
    const digits = decimalsOf(currency);
    const options = { style: "currency", currency, currencyDisplay: "symbol" };
    if (style === "short") Object.assign(options, { notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 });
    else Object.assign(options, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    currencies.set(key, new Intl.NumberFormat(LOCALE, options));
  }
  return currencies.get(key);
}

/** An amount of minor units, to the last of them. */
export function money(sum, style = "long") {
  if (!sum) return "–";
  const text = currencyFormat(sum.currency, style).format(decimal(sum.minor, decimalsOf(sum.currency)));
  return isExact(sum.minor) ? text : `about ${text}`;
}

/** Sums of several currencies, which have no order among each other. */
export function moneys(sums, style) {
  if (!sums?.length) return "–";
  return sums.map((sum) => money(sum, style)).join(" + ");
}

export const count = (number) => (number === undefined || number === null ? "–" : whole.format(number));
export const many = (number, what) => `${count(number)} ${what}${number === 1 ? "" : "s"}`;
export const compact = (number) => (number < 10_000 ? whole.format(number) : short.format(number));

export function rate(perSecond) {
  if (perSecond <= 0) return "0/s";
  if (perSecond < 0.05) return "under 0.1/s";
  return perSecond < 9.95 ? `${perSecond.toFixed(1)}/s` : `${whole.format(perSecond)}/s`;
}

/** A part of all; nothing but all is 100%, and nothing but nothing 0%. */
export function percent(part, all) {
  if (!all) return "–";
  const share = (100 * Number(part)) / Number(all);
  if (share === 0 || share === 100) return `${share}%`;
  if (share < 0.1) return "under 0.1%";
  return share > 99.9 ? "over 99.9%" : `${share.toFixed(1)}%`;
}

/** A duration, with the precision that it deserves. It is rounded first: there is no `1 min 60 s`. */
export function duration(ms) {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return "–";
  const size = Math.abs(ms);
  if (size === 0) return "0 ms";
  if (size < 0.995) return `${ms.toFixed(2)} ms`;
  if (size < 9.95) return `${ms.toFixed(1)} ms`;
  if (size < 999.5) return `${Math.round(ms)} ms`;
  if (size < 59_950 && ms % 1000 === 0) return `${ms / 1000} s`;
  if (size < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (size < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${(minutes / 1_440).toFixed(1)} days`;
}

/** The same where durations are compared that differ by milliseconds only. */
export const precise = (ms) => (ms >= 999.5 && ms < 59_999.5 ? `${(ms / 1000).toFixed(3)} s` : duration(ms));

/** Milliseconds since 1970, with what the text says below them. */
export function millis(text) {
  if (!text) return NaN;
  const micros = /\.\d{3}(\d{1,3})/.exec(text);
  return Date.parse(text) + (micros ? Number(micros[1].padEnd(3, "0")) / 1000 : 0);
}

export const clockTime = (when) => (Number.isFinite(when) ? clock.format(when) : "an unknown time");
export const hour = (when) => hourOf.format(when);
export const day = (when) => dayOf.format(when);
/** By the calendar's own number of the year: of the year 0, browsers make a first one before Christ. */
export const dayOfYear = (when) => `${day(when)} ${String(new Date(when).getFullYear()).padStart(4, "0")}`;

/** Today only the time; else the day, too. */
export function moment(text) {
  const when = new Date(text);
  if (Number.isNaN(when.getTime())) return "–";
  return new Date().toDateString() === when.toDateString() ? clock.format(when) : `${dayOfYear(when)}, ${hourOf.format(when)}`;
}

export function ago(ms) {
  return ms < 1500 ? "just now" : `${duration(Math.round(ms / 1000) * 1000)} ago`;
}

/** `order_cancelled` as people write it. */
export const words = (name) => String(name ?? "–").replaceAll("_", " ");

/** Long ids by their two ends: of UUIDs of one hour, only the last part differs to the eye. */
export const shortId = (id) => (id.length > 22 ? `${id.slice(0, 8)}…${id.slice(-8)}` : id);

/** `placed` of `order.placed`. */
export const eventName = (type) => type.slice(type.indexOf(".") + 1);
export const serviceOf = (type) => type.slice(0, type.indexOf("."));
