// Questions to the service. Why there is no answer is told in its own words.
import { parse } from "./exact.js";

/** Why a question has no answer. */
export class NoAnswer extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `The service answered ${status}`);
    this.status = status;
    this.title = problem.title ?? "There is no answer";
  }
}

/** The answer as JSON. */
export const ask = (path, signal) => answer(path, { signal, headers: { accept: "application/json" } });

/** The answer to what changes something. */
export function tell(path, body, headers = {}) {
  const json = { accept: "application/json", "content-type": "application/json" };
  return answer(path, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body ?? {}) });
}

async function answer(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new NoAnswer(0, { title: "The query service cannot be reached" });
  }
  const body = await response.text().then(parse).catch(() => ({}));
  if (!response.ok) throw new NoAnswer(response.status, body);
  return body;
}
