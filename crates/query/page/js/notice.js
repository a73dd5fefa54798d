// What stands above the figures when they are not to be trusted as they are.
import { byId, setText } from "./dom.js";
import { count, percent } from "./format.js";
import { watch } from "./store.js";

function words(s) {
  if (s.problem) return `${s.problem.title}${s.problem.detail ? `: ${s.problem.detail}` : ""}.`;
  const { state, behind, streams, reason } = s.freshness ?? {};
  if (state === "away") return `The read model stands still: ${reason ?? "the projector is away"}. The figures are as old as the last event.`;
  if (state !== "rebuilding" && state !== "catching_up") return null;
  const all = Object.values(streams).reduce((sum, stream) => sum + (stream.last ?? stream.folded), 0);
  const done = `${percent(all - behind, all)} of ${count(all)} events are folded`;
  return state === "rebuilding" ? `The read model is being rebuilt from the streams: ${done}. Figures are incomplete until then.` : `The read model catches up: ${done}.`;
}

export function startNotice() {
  watch(["problem", "freshness"], (s) => {
    const notice = byId("notice");
    // A lost connection says so itself, and outranks what was last heard.
    if (notice.dataset.kind === "lost") return;
    const text = words(s);
    notice.hidden = !text;
    setText(notice, text ?? "");
  });
}
