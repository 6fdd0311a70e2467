// The frame of every page: what a widget's render would repeat.

import { openLine } from "./connection.js";
import { make, NO_SHORTCUTS } from "./elements.js";
import { hidePicture, isAlive, showDead } from "./saved.js";

const LINE = "line"; // what a warning is about if it is about the kernel

/**
 * Starts a page; what it returns ends it, as anywidget wants it of `render`.
 *
 * `build(page)` appends its elements to `page.root` and returns `{ kinds, after, lost }`. `kinds` has
 * a function for each kind of message, `state(message, buffers)` for example; it may return a promise,
 * and the next message waits for that; other views of the widget get the same objects, so a message is
 * not changed, and what will be is copied. `after()` is called after each of them, `lost()` when the kernel
 * is gone; both may be left out. Then the kernel is told "hello": it answers with all that a new page
 * needs.
 *
 * `page` has
 * - `root`, an element with the class `name`, and `model`;
 * - `line`, the line to the kernel: see `openLine`;
 * - `tell(kind, content, buffers)`: sends a message; a refusal is shown as a warning;
 * - `warn(texts, about)`: shows a sentence, or a list of them, above everything; `calm(about)` takes it
 *   away, but only if it is about that;
 * - `offerAgain(problem, again)`: the network cannot be loaded; a button tries it once more;
 * - `follow(trait, call)`: calls now, and whenever Python or another view sets that trait;
 * - `isMine(message)`: whether a message answers this view, not another one of the same widget;
 * - `atEnd(call)`: calls when the view is taken away.
 */
export function startPage({ model, el }, name, build) {
  if (!isAlive(el)) return showDead(el);
  const root = make("div", `cw-root ${name}`, "", { [NO_SHORTCUTS]: "true" });
  root.tabIndex = -1; // a click anywhere puts the focus in here: keys and pastes arrive
  const warning = make("div", "cw-warning", "", { role: "alert", hidden: "" });
  const ends = [];
  let topic = "";
  let parts = null;

  const fill = (pieces, about) => {
    warning.replaceChildren(...pieces);
    warning.hidden = pieces.length === 0;
    topic = about;
  };
  const warn = (texts, about = "") => {
    const lines = [texts].flat().filter(Boolean);
    fill(
      lines.map((text) => make("div", "", text)),
      about,
    );
  };
  const calm = (about) => {
    if (topic === about) warn("");
  };
  // What the kernel does is said as long as it lasts; then what stood there before is there again.
  let before = [[], ""];
  const say = (text, gone) => {
    if (text) {
      if (topic !== LINE) before = [[...warning.childNodes], topic];
      warn(text, LINE);
    } else if (topic === LINE) fill(...before);
    if (gone) parts.lost?.();
  };

  // One message is done before the next begins: a photograph takes a moment to decode.
  let queue = Promise.resolve();
  const hear = async (message, buffers) => {
    if (Object.hasOwn(parts.kinds, message.kind)) await parts.kinds[message.kind](message, buffers);
    else if (message.kind === "problem") warn(message.text);
    else throw new Error(`The page does not know the message ${message.kind}.`);
    parts.after?.();
  };
  const listen = (message, buffers = []) => {
    queue = queue.then(() => hear(message, buffers)).catch((error) => console.error(error));
  };

  const line = openLine(model, el, { say, listen });
  const tell = (kind, content = {}, buffers = []) =>
    line
      .send({ kind, ...content }, buffers)
      .catch((error) => line.gone() || warn(error.message, kind));
  const follow = (trait, call) => {
    model.on(`change:${trait}`, call);
    ends.push(() => model.off(`change:${trait}`, call));
    call();
  };
  const offerAgain = (problem, again) => {
    warn(problem);
    const button = make("button", "cw-button", "Try again", { type: "button" });
    button.addEventListener("click", () => {
      warn("");
      root.focus({ preventScroll: true }); // the button is gone, and had the focus
      again();
      tell("resume");
    });
    warning.append(" ", button);
  };
  const isMine = ({ page }) => page === line.name;
  const atEnd = (call) => ends.push(call);

  root.append(warning);
  parts = build({ root, model, line, tell, warn, calm, offerAgain, follow, isMine, atEnd });
  el.append(root);
  ends.push(hidePicture(model), () => line.close());
  tell("hello");
  return () => ends.forEach((end) => end());
}
