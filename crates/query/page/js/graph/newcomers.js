// Services beside the shop's: what each declares of itself is drawn with the rest.

/** Those of which it is known what they react to. */
export const newcomersOf = (s) => (s.processes?.services ?? []).filter(({ declared }) => declared?.reactions.some(({ on }) => isEvent(on)));

/** Tells apart who takes part: another picture is drawn when it changes. */
export const namesOf = (newcomers) => newcomers.map((one) => one.service).join(" ");

/** The drawing with them in it. */
export function withNewcomers(drawing, newcomers) {
  const nodes = newcomers.map(({ service }) => ({ name: service, stream: service.toUpperCase(), replicates: [] }));
  return { ...drawing, services: [...drawing.services, ...nodes], edges: [...drawing.edges, ...newcomers.flatMap(edgesOf)] };
}

/** Commands and timers are told with a word before their name. */
const isEvent = (on) => !on.includes(" ");

/** One edge for each event, whatever the states in which it is reacted to. */
function edgesOf({ service, declared }) {
  const emits = new Map();
  for (const reaction of declared.reactions.filter(({ on }) => isEvent(on))) {
    emits.set(reaction.on, [...(emits.get(reaction.on) ?? []), ...reaction.emits]);
  }
  return [...emits].map(([event, all]) => ({ event, from: event.split(".")[0], to: service, emits: [...new Set(all)] }));
}
