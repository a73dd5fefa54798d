// Light or dark: as the system says, until somebody says otherwise.
import { svg } from "./dom.js";

const KEY = "murmur-theme";
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const followers = new Set();

const SUN = "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10M12 1v3M12 20v3M4.2 4.2l2.1 2.1M17.7 17.7l2.1 2.1M1 12h3M20 12h3M4.2 19.8l2.1-2.1M17.7 6.3l2.1-2.1";
const MOON = "M21 13.2A8.6 8.6 0 1 1 10.8 3a6.8 6.8 0 0 0 10.2 10.2";

/** Calls `follow` whenever colours have changed. */
export function onTheme(follow) {
  followers.add(follow);
}

/** A colour of the present theme, by its name in the style sheet. */
export function colour(name) {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
}

export function toggleTheme() {
  const next = root.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem(KEY, next);
  apply(next);
}

function apply(theme) {
  root.dataset.theme = theme;
  paintButton();
  for (const follow of followers) follow();
}

function paintButton() {
  const dark = root.dataset.theme === "dark";
  const button = document.getElementById("theme");
  const path = svg("path", { d: dark ? SUN : MOON, fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round" });
  button.replaceChildren(svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, path));
  const label = dark ? "Light theme" : "Dark theme";
  button.setAttribute("aria-label", label);
  button.title = `${label} (t)`;
}

export function startTheme() {
  paintButton();
  document.getElementById("theme").addEventListener("click", toggleTheme);
  system.addEventListener("change", () => {
    if (!localStorage.getItem(KEY)) apply(system.matches ? "dark" : "light");
  });
}
