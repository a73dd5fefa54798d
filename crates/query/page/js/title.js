// The title of the page is that of the view.

const NAME = "Murmuration";

export function setTitle(view) {
  document.title = view ? `${view} – ${NAME}` : `Overview – ${NAME}`;
}
