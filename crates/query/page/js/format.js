// Numbers, money and time, as people read them.

import { decimalsOf } from "./currencies.js";

const LOCALE = "en-GB";
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const hourOf = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const dayOf = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const fullDay = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric" });
const currencies = new Map();

function currencyFormat(currency, style) {
  const key = `${currency}/${style}`;
  if (!currencies.has(key)) {
    const digits = decimalsOf(currency);
    const options = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
    Object.assign(options, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    if (style === "short") Object.assign(options, { notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 });
    if (style === "whole") Object.assign(options, { minimumFractionDigits: 0, maximumFractionDigits: 0 });
    currencies.set(key, new Intl.NumberFormat(LOCALE, options));
  }
  return currencies.get(key);
}

/** Minor units as units of the currency. */
export const units = (minor, currency) => minor / 10 ** decimalsOf(currency);

export function money(sum, style = "long") {
  if (!sum) return "–";
  return currencyFormat(sum.currency, style).format(units(sum.minor, sum.currency));
}

/** Sums of several currencies, the largest first. */
export function moneys(sums, style) {
  if (!sums?.length) return "–";
  return [...sums].sort((a, b) => b.minor - a.minor).map((sum) => money(sum, style)).join(" + ");
}

export const count = (number) => (number === undefined || number === null ? "–" : whole.format(number));
export const compact = (number) => (number < 10_000 ? whole.format(number) : short.format(number));

export function rate(perSecond) {
  if (perSecond <= 0) return "0/s";
  if (perSecond < 0.95) return `${perSecond.toFixed(1)}/s`;
  return perSecond < 10 ? `${perSecond.toFixed(1)}/s` : `${whole.format(perSecond)}/s`;
}

export const percent = (part, all) => (all ? `${((100 * part) / all).toFixed(part === all ? 0 : 1)}%` : "–");

/** A duration, with the precision that it deserves. */
export function duration(ms) {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return "–";
  const size = Math.abs(ms);
  if (size < 10) return `${ms.toFixed(size < 1 ? 2 : 1)} ms`;
  if (size < 1000) return `${Math.round(ms)} ms`;
  if (size < 60_000) return `${(ms / 1000).toFixed(size < 10_000 ? 2 : 1)} s`;
  if (size < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  if (size < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
  return `${(ms / 86_400_000).toFixed(1)} days`;
}

/** Milliseconds since 1970, with what the text says below them. */
export function millis(text) {
  if (!text) return NaN;
  const micros = /\.\d{3}(\d{1,3})/.exec(text);
  return Date.parse(text) + (micros ? Number(micros[1].padEnd(3, "0")) / 1000 : 0);
}

export const time = (when) => clock.format(when);
export const hour = (when) => hourOf.format(when);
export const day = (when) => dayOf.format(when);

/** Today only the time; else the day, too. */
export function moment(text) {
  const when = new Date(text);
  if (Number.isNaN(when.getTime())) return "–";
  return new Date().toDateString() === when.toDateString() ? clock.format(when) : `${fullDay.format(when)}, ${hourOf.format(when)}`;
}

export function ago(ms) {
  return ms < 1500 ? "just now" : `${duration(Math.round(ms / 1000) * 1000).replace(/\.0+ s/, " s")} ago`;
}

/** `order_cancelled` as people write it. */
export const words = (name) => String(name ?? "–").replaceAll("_", " ");

/** Long ids by their two ends: of UUIDs of one hour, only the last part differs to the eye. */
export const shortId = (id) => (id.length > 22 ? `${id.slice(0, 8)}…${id.slice(-8)}` : id);

/** `placed` of `order.placed`. */
export const eventName = (type) => type.slice(type.indexOf(".") + 1);
export const serviceOf = (type) => type.slice(0, type.indexOf("."));
