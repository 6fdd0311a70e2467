// The list of keys.

import { make } from "../../live/page/elements.js";
import { VERDICTS } from "./wording.js";

const KEYS = [
  ...VERDICTS.map(({ key, text }) => [key, text]),
  ["\u2190 \u2192", "previous and next case"],
  ["\u2191 \u2193", "another photograph of the specimen"],
  ["n", "note on the specimen"],
  ["Shift + N", "note on the pair of classes"],
  ["u", "undo the newest verdict or note"],
  ["m", "photographs large or small"],
  ["Esc", "back: to the list, to the matrix"],
  ["?", "this list"],
];

/** A dialog; `closed` is called when it was closed, so that the focus can go back. */
export function makeKeys(closed) {
  const element = make("dialog", "ci-keys", "", { "aria-label": "Keys" });
  const list = make("dl");
  for (const [key, text] of KEYS) {
    const term = make("dt");
    term.append(make("kbd", "", key));
    list.append(term, make("dd", "", text));
  }
  const close = make("button", "cw-button", "Close", { type: "button" });
  element.append(make("h3", "ci-title", "Keys of an open case"), list, close);
  close.addEventListener("click", () => element.close());
  element.addEventListener("close", closed);
  element.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "?") element.close();
  });
  return { element, open: () => element.open || element.showModal() };
}
