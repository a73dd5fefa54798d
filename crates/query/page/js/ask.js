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
export async function ask(path, signal) {
  let response;
  try {
    response = await fetch(path, { signal, headers: { accept: "application/json" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new NoAnswer(0, { title: "The query service cannot be reached" });
  }
  const body = await response.text().then(parse).catch(() => ({}));
  if (!response.ok) throw new NoAnswer(response.status, body);
  return body;
}
