// How fast counters grow, over the last seconds.

const WINDOW_MS = 6_000;

/** Remembers counters, and says how many a second each has grown by. */
export class Rates {
  #past = [];

  /** Takes the counters as of a point in time. */
  take(at, counters) {
    const last = this.#past.at(-1);
    // Another read model counts from zero; time may go back with another machine's clock.
    const anew = last && (at < last.at || Object.keys(counters).some((name) => counters[name] < (last.counters[name] ?? 0) / 2));
    if (anew) this.#past = [];
    this.#past.push({ at, counters });
    while (this.#past.length > 2 && this.#past[1].at <= at - WINDOW_MS) this.#past.shift();
  }

  /** What stands still grows by nothing that anybody knows. */
  clear() {
    this.#past = [];
  }

  of(name) {
    const [first, last] = [this.#past[0], this.#past.at(-1)];
    if (!first || last.at - first.at < 400) return 0;
    const grown = (last.counters[name] ?? 0) - (first.counters[name] ?? 0);
    return Math.max(0, grown) / ((last.at - first.at) / 1000);
  }
}
