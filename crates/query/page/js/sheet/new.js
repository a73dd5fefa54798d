// A sheet with nothing but a form, for what is not there yet.
import { isReached } from "../actions/owners.js";
import { calm, h } from "../dom.js";
import { may } from "../session.js";
import { openSheet } from "./sheet.js";

/** Shows the form that `make` makes, if `service` takes commands from here, and of whoever has signed in. */
export function showForm(title, service, scope, make) {
  const heading = [h("h2", { id: "sheet-title" }, title)];
  if (!isReached(service)) return openSheet(heading, h("div.body", {}, calm("This page reaches no owner", `Query was not told where ${service} is: --page-owner.`)));
  if (!may(scope)) return openSheet(heading, h("div.body", {}, calm("You may not do that", `It takes a token with the scope ${scope}.`)));
  const form = make();
  openSheet(heading, h("div.body", {}, form));
  form.querySelector("input").focus();
}
