// The row between settings and answers: what is done, what was said, and the buttons for it.

import { make } from "../../live/page/elements.js";
import { READYING } from "../../live/page/words.js";
import { progressText } from "./wording.js";

const SHORT = 300; // ms; work that is over sooner shows no progress

/** `press` has a function for each button: cancel, resume, clear. */
export function makeStrip(press) {
  const element = make("div", "cw-strip");
  const progress = make("progress", "", "", { max: "1", "aria-label": "Progress" });
  const doing = make("span", "cw-doing");
  const status = make("div", "cw-status", READYING, { role: "status" });
  const button = (text, call, attributes = {}) => {
    const made = make("button", "cw-button", text, { type: "button", ...attributes });
    made.addEventListener("click", call);
    return made;
  };
  const cancel = button("Cancel", press.cancel, { title: "Esc" });
  const resume = button("Go on", press.resume);
  const clear = button("Clear all", press.clear);
  let since = 0; // when the running work began
  element.append(progress, doing, status, cancel, resume, clear);

  /** Says something, for ears as well. */
  const speak = (text) => (status.textContent = text);
  const isReadying = () => status.textContent === READYING;
  /**
   * `running`: whether anything is under way; of `total` photographs `settled` have an answer, and of
   * the `current` one this `part` is done. `again(ms)` is asked to refresh once more.
   */
  function refresh({ running, total, settled, part, together, current, stopped, again }) {
    if (running && !since) {
      since = Date.now();
      again(SHORT);
      if (!isReadying()) speak("");
    }
    if (!running) since = 0;
    progress.hidden = doing.hidden = cancel.hidden = !since || Date.now() - since < SHORT;
    const done = together ? part : (settled + part) / total;
    progress.value = total ? Math.min(1, done) : 0;
    doing.textContent = current ? progressText(settled, total, current.name) : READYING;
    resume.hidden = running || !stopped;
    clear.hidden = total === 0;
  }
  return { element, speak, isReadying, refresh, isBusy: () => Boolean(since) };
}
