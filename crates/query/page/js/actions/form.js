// Forms: each field with its label, what is wrong beside it, and what came of it in plain words.
import { h, plain } from "../dom.js";

let forms = 0;

/** What is wrong with one field, before anything was sent. */
export class Wrong extends Error {
  constructor(field, text) {
    super(text);
    this.field = field;
  }
}

/**
 * A form. `fields` are those of `field.js`; `submit(values)` does it and returns what then is said, or
 * nothing if the form is gone by then; `wrongs` names the field that a type of problem is about.
 */
export function form({ title, text, fields = [], button, tone, submit, leave, wrongs = {} }) {
  forms += 1;
  const name = `form-${forms}`;
  const outcome = h("p.outcome", { role: "alert" });
  const doing = h("button.do", { type: "submit", "data-tone": tone }, button);
  const rows = fields.map((one) => one.build(`${name}-${one.name}`));
  const element = h("form.act", { "aria-labelledby": name, novalidate: true, autocomplete: "off" },
    h("h3", { id: name }, title), text ? h("p.soft", {}, text) : null, rows,
    outcome, h("div.buttons", {}, doing, leave ? h("button.leave", { type: "button", onclick: leave }, "Leave it") : null));
  const say = (tone, words) => {
    outcome.dataset.tone = tone;
    outcome.replaceChildren(words instanceof Node ? words : plain(words));
  };
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    fields.forEach((one) => one.clear());
    outcome.replaceChildren();
    doing.disabled = true;
    try {
      const done = await submit(Object.fromEntries(fields.map((one) => [one.name, one.read()])));
      if (done) say("well", done);
    } catch (error) {
      show(error, fields, wrongs, say);
    }
    doing.disabled = false;
  });
  return element;
}

/** Beside the field that it is about, or else above the button. */
function show(error, fields, wrongs, say) {
  const name = error.field ?? wrongs[error.type] ?? fields.find((one) => mentions(error.message, one.name))?.name;
  const field = fields.find((one) => one.name === name);
  const words = inWords(error);
  if (field) return field.tell(words);
  say("bad", words);
}

/** `credit_limit: GBQ is no currency` is about the credit limit. */
const mentions = (text, name) => new RegExp(`\\b${name}\\b`).test(text);

function inWords(error) {
  if (error.status === 412) return `Somebody else has changed it meanwhile. It is ${error.now} by now: send yours once more to replace that.`;
  if (error.status === 401) return "You are not signed in any more: load the page again.";
  if (error.status === 403) return `You may not do that: ${error.message}.`;
  const said = error.message.replace(/\.$/, "");
  if (!error.title || error.title === said) return `${said}.`;
  return `${error.title}: ${said}.`;
}
