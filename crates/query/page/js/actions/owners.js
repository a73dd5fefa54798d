// The services that own what is acted on. A browser sends them its commands itself, as any client does;
// query only says where they are.
import { ask, expect, send, told } from "../ask.js";

let urls = {};

/** Learns where the owners are. */
export async function startOwners() {
  // A page that reaches nobody shows all the same, and offers nothing to do.
  const owners = await ask("/owners").catch(() => []);
  urls = Object.fromEntries(owners.map(({ service, url }) => [service, url]));
}

/** Whether an owner takes commands from here. */
export const isReached = (service) => service in urls;

const named = (service) => `The ${service} service`;

/** `{ body, tag }` of something, as its owner has it now; the tag says which state that is. */
export async function readFrom(service, path) {
  const options = { headers: { accept: "application/json" }, credentials: "include" };
  const { body, headers } = await send(urls[service] + path, options, named(service));
  return { body, tag: headers.get("etag") };
}

/**
 * Has an owner do something. `key` names the command, so that its repeat has no second effect; `tag` is of
 * the state that it is meant for.
 */
export async function command(service, method, path, body, { key, tag } = {}) {
  const headers = { ...(key ? { "idempotency-key": key } : {}), ...(tag ? { "if-match": tag } : {}) };
  const options = { ...told(method, body, headers), credentials: "include" };
  const answer = await send(urls[service] + path, options, named(service));
  expect(answer.headers.get("murmur-token"));
  return answer.body;
}

/** A name for a command that nobody else gives. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
