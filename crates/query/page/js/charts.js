// uPlot in the colours and the type of this page.
import { h } from "./dom.js";
import { onTheme, colour } from "./theme.js";

const FONT = '11px "Inter", system-ui, sans-serif';

/** A chart is drawn anew so often at most: its words cost more than all else on the page. */
const REDRAWN_MS = 1_000;

/**
 * A chart in `host`. `describe()` says its options for uPlot, again after each change of colours;
 * `tip(index)` makes what is shown at the mouse.
 */
export class Chart {
  #host; #describe; #tip; #data = null; #plot = null; #drawn = 0; #due = null; #bubble = h("div.tip", { hidden: true });

  constructor(host, describe, tip) {
    this.#host = host;
    this.#describe = describe;
    this.#tip = tip;
    host.setAttribute("role", "img");
    host.setAttribute("aria-label", "A chart that has no figures yet");
    onTheme(() => this.rebuild());
    new ResizeObserver(() => this.#fit()).observe(host);
  }

  /** Shows these figures soon: `[xs, ys, …]`. */
  show(data) {
    this.#data = data;
    if (!this.#plot) this.rebuild();
    else this.#due ??= setTimeout(() => this.#redraw(), Math.max(0, this.#drawn + REDRAWN_MS - Date.now()));
  }

  #redraw() {
    this.#due = null;
    this.#drawn = Date.now();
    this.#plot.setData(this.#data);
  }

  rebuild() {
    if (!this.#data) return;
    this.#plot?.destroy();
    const { width, height } = this.#size();
    const options = { width, height, legend: { show: false }, ...this.#describe() };
    options.hooks = { ...options.hooks, setCursor: [(plot) => this.#point(plot)] };
    this.#plot = new uPlot(options, this.#data, this.#host);
    this.#host.append(this.#bubble);
  }

  #size() {
    return { width: Math.max(160, this.#host.clientWidth), height: Math.max(80, this.#host.clientHeight) };
  }

  #fit() {
    if (this.#plot) this.#plot.setSize(this.#size());
  }

  #point(plot) {
    const { idx, left } = plot.cursor;
    const shown = idx !== null && idx !== undefined && left >= 0;
    this.#bubble.hidden = !shown;
    if (!shown) return;
    this.#bubble.replaceChildren(...this.#tip(idx));
    const room = this.#host.clientWidth - this.#bubble.offsetWidth;
    const x = plot.valToPos(plot.data[0][idx], "x") + plot.over.offsetLeft;
    this.#bubble.style.left = `${Math.max(0, Math.min(room, x - this.#bubble.offsetWidth / 2))}px`;
    this.#bubble.style.top = "0px";
  }
}

/** An axis with quiet lines. */
export function axis(more) {
  return {
    stroke: colour("ink-faint"), font: FONT, ticks: { show: false },
    grid: { stroke: colour("line"), width: 1 }, ...more,
  };
}

/** Bars that leave some air. */
export const bars = (share = 0.72) => uPlot.paths.bars({ size: [share, 40, 1], radius: 0.18 });

export const crosshair = { x: false, y: false, points: { show: false }, drag: { x: false, y: false } };

/** `name` as a colour of so much strength, for a canvas. */
export function faded(name, share) {
  const hex = colour(name);
  return `${hex}${Math.round(share * 255).toString(16).padStart(2, "0")}`;
}
