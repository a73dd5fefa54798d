// The title of the page is that of the view.

import { plain } from "./dom.js";

const NAME = "Murmuration";

export function setTitle(view) {
  document.title = view ? `${plain(view)} – ${NAME}` : `Overview – ${NAME}`;
}
