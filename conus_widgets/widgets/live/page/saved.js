// The saved picture below a widget, and the page that only has the picture.

import { make } from "./elements.js";

/** An output that holds the picture itself: not one that holds further outputs, as ipywidgets.Output does. */
const holder = (mark) => `.jp-OutputArea-child:has(.${mark}):not(:has(.jp-OutputArea-child))`;

/** Hides the picture of a widget while it lives; returns what ends that. */
export function hidePicture(model) {
  const mark = CSS.escape(model.get("mark"));
  const style = make("style", "", `.${mark}, ${holder(mark)} { display: none; }`);
  document.head.append(style);
  return () => style.remove();
}

/**
 * Whether a kernel stands behind a view. None does if only the state was saved, as in an exported
 * page: there the picture says more than a tool that cannot answer. (ipywidgets sets this class.)
 */
export const isAlive = (el) => !el.closest(".jupyter-widgets-disconnected");

/** What stands in place of the tool if there is no kernel, if no picture stands below it. */
export function showDead(el) {
  el.append(make("p", "cw-dead", "Run this cell for the live tool."));
}
