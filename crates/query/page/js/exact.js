// Integers as the service wrote them. JSON's numbers have no bounds, a browser's are exact up to 2^53
// only: an amount beyond that becomes a BigInt.

/** JSON, with each integer whole. A browser that does not show a number's own text rounds it. */
export const parse = (text) => JSON.parse(text, whole);

function whole(name, value, context) {
  const rounded = typeof value === "number" && !Number.isSafeInteger(value);
  return rounded && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context.source) : value;
}

/** JSON for people. What turns the direction of writing stands in it as its number, and turns nothing. */
export function print(value) {
  const text = JSON.stringify(value, (name, one) => (typeof one === "bigint" ? JSON.rawJSON(String(one)) : one), 2);
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16)}`);
}

/** Whether this is the integer that was written. */
export const isExact = (integer) => typeof integer === "bigint" || Number.isSafeInteger(integer);

/** Integers of either kind, added up. */
export function sumOf(integers) {
  const sum = integers.reduce((all, one) => all + BigInt(one), 0n);
  return sum >= Number.MIN_SAFE_INTEGER && sum <= Number.MAX_SAFE_INTEGER ? Number(sum) : sum;
}

/** For sorting, the largest first. */
export const largestFirst = (a, b) => (a > b ? -1 : a < b ? 1 : 0);

/** `-1205` with two decimals is `-12.05`. */
export function decimal(integer, decimals) {
  const digits = String(integer < 0 ? -BigInt(integer) : BigInt(integer)).padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return `${integer < 0 ? "-" : ""}${digits.slice(0, point)}${decimals ? `.${digits.slice(point)}` : ""}`;
}
