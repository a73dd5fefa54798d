// Who looks at the page: a link with a code signs the browser in, once; without, a token does. The browser
// keeps what it is given for that where no script sees it.
import { ask, tell } from "./ask.js";
import { h } from "./dom.js";

const CODE = "#code=";

/** Who has signed in, and what for they may. */
let who = { name: null, scopes: [] };

/** Whether whoever has signed in may do that. Where nobody has to sign in, everybody may. */
export const may = (scope) => who.name === null || who.scopes.includes(scope);

/** The code in the address. It is of no use a second time, and goes out of the history. */
function takeCode() {
  if (!location.hash.startsWith(CODE)) return null;
  const code = location.hash.slice(CODE.length);
  history.replaceState(null, "", location.pathname);
  return code;
}

/** Another link, followed in a page that is open. */
addEventListener("hashchange", () => {
  if (location.hash.startsWith(CODE)) location.reload();
});

/** Asks for a token until one is known. */
function askForToken(said) {
  const why = h("p", { role: "alert" }, said);
  const token = h("input", { type: "password", name: "token", required: true, autocomplete: "off", "aria-label": "Token", placeholder: "Token" });
  const form = h("form", {}, token, h("button.tool", {}, "Sign in"));
  const text = "“murmur page” prints an address that signs this browser in. Or give a token here, such as the one in the file operator.token of the data folder.";
  const dialog = h("dialog.help", { "aria-labelledby": "sign-in-title" }, h("h2", { id: "sign-in-title" }, "Sign in"), h("p", {}, text), why, form);
  document.body.append(dialog);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.showModal();
  return new Promise((signedIn) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await tell("/session", null, { authorization: `Bearer ${token.value.trim()}` });
      } catch (error) {
        why.textContent = error.message;
        return;
      }
      dialog.remove();
      signedIn();
    });
  });
}

/** Returns once the service lets this browser in, or cannot be asked. */
export async function signedIn() {
  let said = "";
  const code = takeCode();
  if (code) await tell("/session/by-code", { code }).catch((error) => (said = error.message));
  try {
    who = await ask("/session");
  } catch (error) {
    if (error.status !== 401) return;
    await askForToken(said);
    who = await ask("/session").catch(() => who);
  }
}
