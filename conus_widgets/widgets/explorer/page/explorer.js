// The explorer on the page: its pieces, and what it hears from the kernel.

import { make, set } from "../../live/page/elements.js";
import { openLine } from "../../live/page/connection.js";
import { sendFiles } from "../../dropzone/page/sending.js";
import { makeZone } from "../../dropzone/page/zone.js";
import { hidePicture, isAlive, showDead } from "../../live/page/saved.js";
import { makeClasses } from "./classes.js";
import { makeChoices, makeScale, makeTools, makeTrust } from "./controls.js";
import { makeDrawing } from "./drawing.js";
import { makeSight } from "./numbers.js";
import { makeStage } from "./stage.js";
import { makeApp, newPane } from "./state.js";
import { makePins, makeReadout, makeSum } from "./tables.js";

const READYING_NETWORK = "Getting the network ready ...";
const INVITATION = "Ready: drop a photograph.";
const LOCAL = "Photographs stay on the machine that runs this notebook.";

const bytesOf = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
const floatsOf = (view) => new Float32Array(bytesOf(view));
const pixelsOf = (view) => new Uint8Array(bytesOf(view));

function render({ model, el }) {
  if (!isAlive(el)) return showDead(el);
  const root = make("div", "cw-root cw-explorer");
  const warning = make("div", "cw-warning", "", { role: "alert", hidden: "" });
  const status = make("div", "cw-status", READYING_NETWORK, { role: "status" });
  const cancel = make("button", "cw-button", "Cancel", { type: "button", title: "Esc" });
  const strip = make("div", "cw-strip");
  const foot = make("p", "cw-foot", LOCAL);
  let awaited = 0; // photographs that this page has sent, to be shown when they come
  let adding = false;
  let unloaded = false; // the network could not be loaded
  const failed = new Map(); // photographs that cannot be used: number -> why
  let line = null;

  const speak = (text) => (status.textContent = text);
  const tell = (kind, content = {}, buffers = []) =>
    line
      .send({ kind, ...content }, buffers)
      .catch((error) => line.gone() || (kind === "region" ? unchecked : warn)(error.message));
  const post = (kind, content, buffers) => line.post({ kind, ...content }, buffers);
  const drawing = makeDrawing({
    inStroke: () => stage.busy(),
    photograph: () => stage.refresh(),
    all: refresh,
  });
  const changed = (urgent) => drawing.soon(urgent !== false);
  const app = makeApp({
    tell,
    post,
    changed,
    speak,
    isGone: () => Boolean(line?.gone()),
    isMine: ({ page }) => page === line.name,
    stage: () => stage,
  });

  function warn(...texts) {
    warning.replaceChildren(...texts.map((text) => make("div", "", text)));
    warning.hidden = !texts.some(Boolean);
    delete warning.dataset.region;
    delete warning.dataset.choice;
  }

  /** The network will not answer with the region covered. */
  function unchecked(why) {
    warn(why);
    warning.dataset.region = "1";
    app.regionFailed();
    changed();
  }

  line = openLine(model, el, {
    listen,
    say(text, gone) {
      // What the kernel does is said as long as it lasts; a mistake stays until the next request.
      if (text || warning.dataset.line) warn(text);
      warning.dataset.line = text && "1";
      if (!gone) return;
      zone.disable(true);
      app.lost();
    },
  });

  const zone = makeZone(root, take);
  const choices = makeChoices(app, () => {
    adding = !adding;
    changed();
    if (adding) zone.focus();
  });
  const stage = makeStage(app);
  const parts = [
    choices,
    stage,
    makeScale(app),
    makeTools(app),
    makeTrust(app),
    makeClasses(app),
    makeReadout(app),
    makeSum(app),
    makePins(app),
  ];
  const [left, right, main] = [
    make("div", "cx-left"),
    make("div", "cx-right"),
    make("div", "cx-main"),
  ];

  function refresh() {
    for (const part of parts) part.refresh();
    set(main, { hidden: app.photographs.size === 0 });
    set(zone.element, { hidden: app.photographs.size > 0 && !adding });
    const working = app.checking || app.panes.some((pane) => pane.state === "running" && pane.late);
    set(cancel, { hidden: !working || app.gone() });
    set(foot, {
      textContent: app.network?.notice ? `${LOCAL} Network: ${app.network.notice}.` : LOCAL,
    });
  }

  async function take(files, pasted) {
    if (line.gone()) return;
    warn("");
    for (const number of failed.keys()) failed.set(number, ""); // they were read
    const settings = async () => ({
      original: model.get("original"),
      longSide: model.get("long_side"),
      limit: model.get("limit"),
    });
    const show = ({ name, state, error }) => {
      if (state === "failed") {
        awaited = Math.max(0, awaited - 1);
        warn(error);
      } else if (state === "preparing") awaited += 1;
      else if (state === "sending") speak(`Sending ${name} ...`);
    };
    await sendFiles(line, files, { pasted, settings, show });
  }

  async function takeSight(message, buffers) {
    const [jpeg, logits, bias, shares, seen, blurred] = buffers;
    const bitmap = await createImageBitmap(new Blob([bytesOf(jpeg)], { type: "image/jpeg" }));
    const photograph = app.photographs.get(message.number) ?? {
      number: message.number,
      name: message.name,
    };
    const isNew = !photograph.sight;
    photograph.sight?.bitmap.close();
    photograph.sight = makeSight({
      ...message,
      bitmap,
      logits: floatsOf(logits),
      bias: floatsOf(bias),
      shares: floatsOf(shares),
      seen: pixelsOf(seen),
      blurred: pixelsOf(blurred),
    });
    app.photographs.set(message.number, photograph);
    app.arrived();
    if (isNew && app.sight() === photograph.sight && app.region && !app.region.isEmpty())
      app.regionChanged(true, true);
    if (isNew && awaited > 0) {
      awaited -= 1;
      adding = false;
      app.choose(app.active, { photograph: message.number });
    }
    const top = app.sight() && app.network.labels[app.pane().choice.target];
    speak(top ? `${message.name}: ${top} first.` : "");
    changed();
  }

  // One message is done before the next is looked at: a photograph takes a moment to decode.
  let queue = Promise.resolve();
  function listen(message, buffers = []) {
    queue = queue.then(() => hear(message, buffers)).catch((error) => console.error(error));
  }

  function hear(message, buffers) {
    const { kind } = message;
    if (kind === "network") return takeNetwork(message);
    if (kind === "photographs") return takeList(message);
    if (kind === "problem") return unchecked(message.text);
    // Sent before this page was heard of: all of it comes again behind the network.
    if (!app.network) return null;
    if (kind === "sight") return takeSight(message, buffers);
    if (kind === "map") {
      const expected = app.panes.some(
        ({ generation, state }) => generation === message.generation && state === "running",
      );
      const pane = app.receive(message, message.map && floatsOf(buffers[0]));
      if (warning.dataset.choice && !app.panes.some(({ error }) => error)) warn("");
      if (expected && pane.late && pane.state === "done") speak(`Done: ${app.wordsOf(pane)}.`);
    } else if (kind === "progress") app.progress(message);
    else if (kind === "checking") app.heardChecking(message);
    else if (kind === "checked") {
      if (warning.dataset.region) warn("");
      app.checked(message, floatsOf(buffers[0]));
    } else if (kind === "region")
      app.takeRegion(message, pixelsOf(buffers[0]), buffers[1] && pixelsOf(buffers[1]));
    else if (kind === "dropped" && !app.isMine(message)) app.paneDropped(message.pane);
    else if (kind === "file" && app.isMine(message)) save(message.name, buffers[0]);
    return null;
  }

  function takeNetwork({ phase, problem, view, ...network }) {
    if (phase === "loading") return;
    unloaded = phase === "failed";
    if (unloaded) {
      warn(problem);
      const again = make("button", "cw-button", "Try again", { type: "button" });
      again.addEventListener("click", () => {
        warn("");
        unloaded = false;
        speak(READYING_NETWORK);
        tell("resume");
      });
      warning.append(" ", again);
      speak("");
      return;
    }
    if (problem) {
      warn(problem);
      warning.dataset.choice = "1"; // until something else is chosen
    }
    const fresh = app.network === null;
    app.network = network;
    if (!app.region) app.makeRegion(network.size);
    if (fresh) Object.assign(app, view);
    if (status.textContent === READYING_NETWORK) speak(app.photographs.size ? "" : INVITATION);
    changed();
  }

  function takeList({ photographs, panes }) {
    const known = failed.size;
    for (const { number, name, state, error } of photographs) {
      if (state !== "failed")
        app.photographs.set(number, { ...app.photographs.get(number), number, name, state });
      else app.photographs.delete(number);
      if (state === "failed" && !failed.has(number)) failed.set(number, error);
    }
    if (failed.size > known) {
      warn(...[...failed.values()].filter(Boolean));
      awaited = Math.max(0, awaited - failed.size + known);
    }
    const reading = photographs.find(({ state }) => state === "reading");
    if (reading && !unloaded) speak(`Looking at ${reading.name} ...`);
    else if (app.network && !app.photographs.size) speak(INVITATION);
    else if (failed.size > known) speak("");
    while (app.panes.length < panes.length) app.panes.push(newPane());
    for (const [index, { generation, ...choice }] of panes.entries()) {
      const pane = app.panes[index];
      if (generation >= pane.generation)
        Object.assign(pane, {
          choice: { ...pane.choice, ...choice, target: choice.target ?? pane.choice.target },
        });
    }
    app.arrived();
  }

  function save(name, data) {
    const link = make("a", "", "", { download: name });
    link.href = URL.createObjectURL(new Blob([bytesOf(data)]));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    speak(`${name} saved.`);
  }

  cancel.addEventListener("click", () => app.cancel());
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (stage.busy()) stage.stop();
    else if (app.isBusy()) app.cancel();
    else if (adding) adding = false;
    else if (app.tool !== "look") app.useTool("look");
    else document.activeElement?.blur();
    changed();
  });

  const showPicture = hidePicture(model);

  const [choice, , scale, tools, trust, ...beside] = parts.map(({ element }) => element);
  strip.append(status, cancel);
  left.append(choice, tools, stage.element, strip, scale, trust);
  right.append(...beside);
  main.append(left, right);
  root.append(warning, zone.element, main, foot);
  el.append(root);

  /** In one column the list follows the photograph at once, and is read after it: scale and trust move behind. */
  function arrange() {
    const single = getComputedStyle(main).getPropertyValue("--cx-columns").trim() === "1";
    if (single === right.contains(scale)) return;
    const focused = document.activeElement;
    if (single) beside[0].after(scale, trust);
    else left.append(scale, trust);
    // What is moved loses the focus.
    if (scale.contains(focused) || trust.contains(focused)) focused.focus({ preventScroll: true });
  }
  const size = new ResizeObserver(() => {
    arrange();
    changed();
  });
  size.observe(root);
  changed();
  tell("hello");
  root.app = app; // for the tests and the measurements

  return () => {
    line.close();
    size.disconnect();
    drawing.stop();
    showPicture();
    for (const { sight } of app.photographs.values()) sight?.bitmap.close();
  };
}

export default { render };
