// By how much the figures are late: since when all is folded that the streams were known to hold then.
// The age of the last folded event says nothing of that: a stream may have been quiet for a day.

const KEPT_MS = 120_000;

export class Lag {
  #ends = [];

  /** Takes where the streams ended at a point in time. */
  take(at, streams) {
    const ends = Object.entries(streams).map(([name, one]) => [name, one.last ?? 0]);
    this.#ends = this.#ends.filter((one) => one.at < at && one.at > at - KEPT_MS);
    this.#ends.push({ at, ends });
  }

  /** Milliseconds at most; nothing if it is longer than is remembered. */
  of(at, streams) {
    const folded = ({ ends }) => ends.every(([name, last]) => (streams[name]?.folded ?? 0) >= last);
    const reached = this.#ends.findLast(folded);
    return reached ? at - reached.at : null;
  }
}
