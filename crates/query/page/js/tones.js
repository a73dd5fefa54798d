// Which colour a state has: the same everywhere.

export const TONES = {
  placed: "waiting",
  prepared: "waiting",
  confirmed: "waiting",
  completed: "forward",
  rejected: "refusal",
  cancelled: "undo",
};

export const toneOf = (state) => TONES[state] ?? "waiting";
