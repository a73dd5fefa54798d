// Questions to the service. Why there is no answer is told in its own words.
import { parse } from "./exact.js";

const JSON_TYPE = "application/json";

/** What the next answers must have seen: that of the last command. */
let seen = null;

/** Why a question has no answer. */
export class NoAnswer extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `The service answered ${status}`);
    this.status = status;
    // The last part of its address names the kind of problem.
    this.type = (problem.type ?? "").split("/").pop();
    this.title = problem.title ?? "There is no answer";
  }
}

/** The answer as JSON. */
export const ask = async (path, signal) => (await send(path, { signal, headers: { accept: JSON_TYPE } })).body;

/** The same, once the read model has seen what was last commanded here. */
export async function askAfter(path) {
  const headers = { accept: JSON_TYPE, ...(seen ? { "murmur-token": seen } : {}) };
  return (await send(path, { headers })).body;
}

/** From now on, `askAfter` waits for this token. */
export const expect = (token) => { seen = token ?? seen; };

/** The answer to what changes something. */
export const tell = async (path, body, headers = {}) => (await send(path, told("POST", body ?? {}, headers))).body;

/** What a request is made of that changes something. */
export function told(method, body, headers = {}) {
  const json = body === null ? {} : { "content-type": JSON_TYPE };
  return { method, headers: { accept: JSON_TYPE, ...json, ...headers }, body: body === null ? undefined : JSON.stringify(body) };
}

/** `{ body, headers }` of an answer; `who` is named where it cannot be reached. */
export async function send(url, options, who = "The query service") {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new NoAnswer(0, { title: `${who} cannot be reached`, type: "unreachable" });
  }
  const body = await response.text().then(parse).catch(() => ({}));
  if (!response.ok) throw new NoAnswer(response.status, body);
  return { body, headers: response.headers };
}
