// Runs before the first paint, so that a dark page never flashes white.
const asked = localStorage.getItem("murmur-theme");
const dark = asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.dataset.theme = dark ? "dark" : "light";
