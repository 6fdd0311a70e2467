// The steps of fine-tuning: boxes of photographs, learning, trying and saving.

import { make, set, whenNews } from "../../live/page/elements.js";
import { makePictures } from "../../live/page/pictures.js";
import { startPage } from "../../live/page/start.js";
import { isolated } from "../../live/page/words.js";
import { sendFiles, settingsOf } from "../../dropzone/page/sending.js";
import { makeBoxes } from "./boxes.js";
import { makeCurve } from "./curve.js";
import { leftOut, sortFiles } from "./folders.js";

const GONE_TOO =
  "Boxes, the photographs that were added here, and a network that was not saved are gone with the kernel.";

const HOW =
  "A box holds the photographs of a class: add one for each class and drop photographs into it, or choose a folder, and each folder in it becomes a box.";

const SAID = 5; // reasons in one warning

/** One field and one button; Enter in the field presses it. No form: a notebook's page swallows its "submit". */
function makeField(label, value, button, act) {
  const element = make("div", "cw-field");
  const input = make("input", "cw-text", "", { type: "text", value, maxlength: "100" });
  const said = make("label", "", label);
  said.append(input);
  const press = make("button", "cw-button", button, { type: "button" });
  element.append(said, press);
  press.addEventListener("click", () => act(input));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    act(input);
  });
  return { element, press, input };
}

/** Shows a folder's photographs in boxes that have the names of its folders. */
function makeFolder(take) {
  const input = make("input", "", "", { type: "file", webkitdirectory: "", hidden: "" });
  const press = make("button", "cw-button", "Choose a folder of folders", { type: "button" });
  press.addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    const files = [...input.files];
    input.value = ""; // so that the same folder can be chosen again
    take(await sortFiles(files));
  });
  return { press, input };
}

function makeLearning(tell) {
  const element = make("div", "cw-learning", "", { role: "group", "aria-label": "Learning" });
  const stages = make("select");
  for (const [value, text] of [
    ["0", "the last layer (seconds)"],
    ["1", "also the last stage (minutes)"],
  ])
    stages.append(make("option", "", text, { value }));
  const control = make("label", "cw-control", "What is trained:");
  control.append(stages);
  const learn = make("button", "cw-button cw-primary", "Learn", { type: "button" });
  const stop = make("button", "cw-button", "Stop, keep the best", { type: "button", disabled: "" });
  const bar = make("progress", "", "", { "aria-label": "Photographs", hidden: "" });
  const status = make("p", "cw-status", "", { role: "status", tabindex: "-1" });
  learn.addEventListener("click", () => tell("learn", { stages: Number(stages.value) }));
  element.append(control, learn, stop, bar);
  return { element, stages, learn, stop, bar, status };
}

function build({ root, model, line, tell, warn, atEnd }) {
  const ask = (kind, content) =>
    line.send({ kind, ...content }).then(
      () => "",
      (error) => (line.gone() ? "" : error.message),
    );
  let queue = Promise.resolve();
  const send = (files, place, pasted = false) => {
    let refused = ""; // the box, and so all that goes into it
    const problems = new Set();
    const fail = (upload, reason) => {
      if (place.folder) {
        const where = refused ? reason : `In \u2018${isolated(place.name)}\u2019: ${reason}`;
        return ask("failed", { upload, reason: where, folder: place.folder });
      }
      problems.add(reason);
      const more = problems.size - SAID;
      const last = more > 0 ? `And ${more.toLocaleString("en")} more were not taken.` : "";
      warn([...[...problems].slice(0, SAID), last]);
    };
    const show = (news) => {
      if (news.state === "preparing")
        ask("place", { upload: news.upload, ...place }).then((reason) => (refused ||= reason));
      if (news.thumbnail) pictures.put(news.upload, news.thumbnail);
      if (news.state === "failed" && !line.gone()) fail(news.upload, refused || news.error);
    };
    const settings = () => settingsOf(model);
    const how = { pasted, settings, show, stopped: () => refused !== "" };
    queue = queue.then(() => line.gone() || sendFiles(line, files, how));
  };
  const pictures = makePictures((photographs) => ask("pictures", { photographs }));
  const boxes = makeBoxes({ root, tell, ask, send, pictures });
  atEnd(() => {
    boxes.close();
    pictures.close();
  });
  const adding = makeField("Name of a class", "", "Add a box", (input) => {
    const name = input.value;
    input.value = ""; // at once: the next name may be typed while the kernel answers
    line.send({ kind: "add", name }).then(
      () => warn(""),
      (error) => {
        input.value ||= name;
        if (!line.gone()) warn(error.message);
      },
    );
  });
  // What became of a folder stays to be read, and a page that comes later is told it by the kernel.
  const taken = make("p", "cw-note cw-taken", "", { hidden: "" });
  const out = make("div", "cw-error cw-left-out", "", { role: "alert", hidden: "" });
  const sayLeftOut = whenNews((sentences) => {
    out.replaceChildren(...sentences.map((text) => make("p", "", text)));
    set(out, { hidden: !sentences.length });
  });
  const report = (message) => {
    if (message.left_out === undefined) return; // as before
    set(taken, { textContent: message.taken, hidden: !message.taken });
    sayLeftOut(message.left_out);
  };
  let choices = 0;
  const folder = makeFolder((sorted) => {
    const key = `${line.name}-${++choices}`;
    const photographs = [...sorted.boxes.values()].reduce((sum, { length }) => sum + length, 0);
    tell("folder", { folder: key, name: sorted.folder, photographs, left_out: leftOut(sorted) });
    for (const [name, files] of sorted.boxes) send(files, { name, folder: key });
  });
  const first = make("div", "cw-first");
  first.append(adding.element, folder.press, folder.input);

  const how = make("p", "cw-note cw-how", HOW);
  const missing = make("p", "cw-missing");
  const learning = makeLearning(tell);
  const curve = makeCurve();
  const figures = make("ul", "cw-figures", "", { "aria-label": "What was learnt", hidden: "" });
  const saving = makeField("Folder of the new network", "my-network", "Save", (input) =>
    tell("save", { folder: input.value }),
  );
  saving.element.hidden = true;
  root.append(first, how, taken, out, boxes.element, missing, learning.element, learning.status);
  root.append(curve.element, figures, saving.element);
  // A photograph that is dropped beside a box must not make the browser leave the notebook.
  for (const type of ["dragover", "drop"])
    root.addEventListener(type, (event) => event.preventDefault());

  let lacks = "";
  let running = false;
  let stopping = false; // it does so between two small batches
  let whole = false; // what was told to another view, before all was told to this one, is part of that
  const settle = () => {
    const states = [
      [learning.learn, running || lacks !== ""],
      [learning.stop, !running || stopping],
      [learning.stages, running],
    ];
    for (const [control, disabled] of states) {
      // A browser takes the focus from what is disabled. Not to Stop: a second Enter would press it.
      if (disabled && control === document.activeElement)
        learning.status.focus({ preventScroll: true });
      set(control, { disabled });
    }
  };
  const lack = (text) => {
    lacks = text;
    set(how, { hidden: boxes.any() });
    set(missing, { textContent: lacks });
    settle();
  };
  let points = [];
  const kinds = {
    boxes(message) {
      whole = true;
      report(message);
      boxes.draw(message.boxes);
      lack(message.missing);
    },
    changes(message) {
      if (!whole) return;
      report(message);
      boxes.change(message.boxes);
      lack(message.missing);
    },
    picture: (news, [bytes]) => pictures.take(news, bytes),
    state({ text, done, total, learnt, ...now }) {
      if (line.gone()) return; // it was on its way, and nothing runs any more
      running = now.running;
      stopping &&= running;
      set(learning.status, { textContent: text });
      set(learning.bar, { hidden: !(running && total), max: total || 1, value: done });
      set(saving.element, { hidden: !learnt });
      settle();
    },
    curve(message) {
      points = [...message.points]; // another view on this page gets the same list
      curve.draw(points);
    },
    point({ point }) {
      if (points.length !== point.epoch) return; // of a curve that this page will be told whole
      points.push(point);
      curve.draw(points);
    },
    figures({ lines }) {
      figures.hidden = false;
      figures.replaceChildren(...lines.map((text) => make("li", "", text)));
    },
  };
  learning.stop.addEventListener("click", () => {
    tell("stop");
    stopping = true;
    settle();
  });
  const disable = () => {
    for (const button of root.querySelectorAll("button, input, select")) button.disabled = true;
    boxes.disable();
  };
  /** What is on the page stays to be read; what was in the kernel is not there any more. */
  const lost = () => {
    set(learning.bar, { hidden: true });
    const ended = running ? "The learning ended. " : "";
    if (running || boxes.any()) set(learning.status, { textContent: `${ended}${GONE_TOO}` });
    disable();
  };
  // A message that was on its way may draw one more photograph.
  const after = () => line.gone() && disable();
  return { kinds, lost, after };
}

const render = (view) => startPage(view, "cw-finetuner", build);

export default { render };
