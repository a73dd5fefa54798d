// What the page knows: the sections of the dashboard as they were last sent.

const sections = {};
const watchers = [];
const touched = new Set();
let painting = false;

/** The sections. */
export const known = sections;

/** Calls `paint(sections)` whenever one of the names was sent, at most once a frame. */
export function watch(names, paint) {
  watchers.push({ names, paint });
  if (names.some((name) => name in sections)) paint(sections);
}

/** Takes what was sent. */
export function take(news) {
  for (const [name, section] of Object.entries(news)) {
    sections[name] = section;
    touched.add(name);
  }
  repaint();
}

/** Paints everything anew, as after a change of colours. */
export function touchAll() {
  for (const name of Object.keys(sections)) touched.add(name);
  repaint();
}

function repaint() {
  if (painting) return;
  painting = true;
  // A hidden tab has no frames; what it missed is painted when it is looked at.
  requestAnimationFrame(() => {
    painting = false;
    const now = new Set(touched);
    touched.clear();
    for (const { names, paint } of watchers) {
      if (names.some((name) => now.has(name))) paint(sections);
    }
  });
}
