// Pieces of a page. What is written to them is laid out again, so only what has changed is written.

// The notebook's own keys must not act from in here: D D deletes a cell, an arrow leaves it. Lumino
// looks for this mark from the focused element upwards, but tries that element's match first.
export const NO_SHORTCUTS = "data-lm-suppress-shortcuts";

/** An element with a class, text and attributes; text is never HTML. */
export function make(tag, className = "", text = "", attributes = {}) {
  const element = document.createElement(tag);
  if (["button", "input", "select"].includes(tag)) element.setAttribute(NO_SHORTCUTS, "true");
  if (className) element.className = className;
  if (text) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** Returns `write`, but silent if it is given the same as before: what is written is laid out again. */
export function whenNews(write) {
  let before = null;
  return (...what) => {
    const now = JSON.stringify(what);
    if (now === before) return;
    before = now;
    write(...what);
  };
}

/** Sets properties and "aria-..." attributes of an element, those that are news: `set(row, { hidden: false })`. */
export function set(element, properties) {
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("aria-")) {
      if (element.getAttribute(key) !== value) element.setAttribute(key, value);
      continue;
    }
    if (element[key] === value) continue;
    const text = key === "textContent" && element.childNodes.length === 1 && element.firstChild;
    // A new piece of text costs more than another text in the old one.
    if (text?.nodeType === Node.TEXT_NODE) text.data = value;
    else element[key] = value;
  }
}
