// The explorer on the page: its pieces, and how they hear of each other.

import { make, set } from "../../live/page/elements.js";
import { startPage } from "../../live/page/start.js";
import { footText, READYING } from "../../live/page/words.js";
import { makeZone } from "../../dropzone/page/zone.js";
import { makeApp } from "./app.js";
import { makeDrawing } from "./drawing.js";
import { makeHearing } from "./hearing.js";
import { makeLayout } from "./layout.js";
import { makeSending } from "./photographs.js";
import { makeRequests } from "./requests.js";
import { makeStage } from "./stage.js";

const INVITATION = "Ready: drop a photograph.";

/** The line below the maps: what happens, and the way to stop it. */
function makeStrip(cancel) {
  const element = make("div", "cw-strip");
  const status = make("div", "cw-status", READYING, { role: "status" });
  const button = make("button", "cw-button", "Cancel", { type: "button", title: "Esc" });
  button.addEventListener("click", cancel);
  element.append(status, button);
  return {
    element,
    say: (text) => (status.textContent = text),
    said: () => status.textContent,
    refresh: (working) => set(button, { hidden: !working }),
  };
}

/** What the page says and shows when something has come from the kernel. */
function makeNews({ page, app, strip, sending, added }) {
  let unloaded = false; // the network could not be loaded
  const tryAgain = () => {
    unloaded = false;
    strip.say(READYING);
  };
  return {
    network({ phase, problem }) {
      unloaded = phase === "failed";
      if (unloaded) {
        page.offerAgain(problem, tryAgain);
        strip.say("");
      } else if (phase === "ready") {
        if (problem) page.warn(problem, "choice"); // until something else is chosen
        if (strip.said() === READYING) strip.say(app.photographs.size ? "" : INVITATION);
      }
    },
    photographs(list) {
      const failed = sending.take(list);
      const reading = list.find(({ state }) => state === "reading");
      if (reading && !unloaded) strip.say(`Reading ${reading.name} ...`);
      else if (app.network && !app.photographs.size) strip.say(INVITATION);
      else if (failed) strip.say("");
    },
    sight(photograph, isNew) {
      if (sending.arrived(photograph, isNew)) added();
      const top = app.sight() && app.network.labels[app.pane().choice.target];
      strip.say(top ? `${photograph.name}: ${top} first.` : "");
    },
    map(pane, waitedFor) {
      if (!app.panes.some(({ error }) => error)) page.calm("choice");
      if (waitedFor && pane.late && pane.state === "done") strip.say(`Done: ${app.wordsOf(pane)}.`);
    },
    checked: () => page.calm("area"),
    problem(text) {
      page.warn(text, "area");
      app.areaFailed();
      app.changed();
    },
    file(name, blob) {
      const link = make("a", "", "", { download: name });
      link.href = URL.createObjectURL(blob);
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      strip.say(`${name} saved.`);
    },
  };
}

/** Escape ends what is going on, one thing at a time. */
function listenForEscape(root, app, stage, adding) {
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (stage.isPainting()) stage.stop();
    else if (app.isBusy()) app.cancel();
    else if (adding.on) adding.on = false;
    else if (app.tool !== "look") app.useTool("look");
    else document.activeElement?.blur();
    app.changed();
  });
}

function build(page) {
  const { root, line } = page;
  const adding = { on: false }; // the drop zone is open beside photographs
  const foot = make("p", "cw-foot");
  const strip = makeStrip(() => app.cancel());
  const drawing = makeDrawing({
    inStroke: () => stage.isPainting(),
    photograph: () => stage.refresh(),
    all: refresh,
  });
  const send = (kind, content, buffers) =>
    line.send({ kind, ...content }, buffers).catch(({ message }) => {
      if (line.gone()) return;
      if (kind === "area") news.problem(message);
      else page.warn(message, kind);
    });
  const app = makeApp({
    ask: makeRequests(send, (kind, content, buffers) => line.post({ kind, ...content }, buffers)),
    changed: (urgent) => drawing.soon(urgent !== false),
    say: strip.say,
    gone: () => line.gone(),
    isMine: page.isMine,
    sizeOf: (index) => stage.sizeOf(index),
  });
  const stage = makeStage(app);
  const sending = makeSending(page, app, strip.say);
  const zone = makeZone(root, sending.send);
  const layout = makeLayout(app, stage, strip.element, () => {
    adding.on = !adding.on;
    app.changed();
    if (adding.on) zone.focus();
  });
  const news = makeNews({ page, app, strip, sending, added: () => (adding.on = false) });

  function refresh() {
    const { panes, photographs, network } = app;
    layout.refresh();
    set(layout.element, { hidden: photographs.size === 0 });
    set(zone.element, { hidden: photographs.size > 0 && !adding.on });
    const late = panes.some((pane) => pane.state === "running" && pane.late);
    strip.refresh((app.testing || late) && !app.gone());
    set(foot, { textContent: footText(network?.notice) });
  }

  root.append(zone.element, layout.element, foot);
  listenForEscape(root, app, stage, adding);
  const size = new ResizeObserver(() => {
    layout.arrange();
    app.changed();
  });
  size.observe(root);
  page.atEnd(() => {
    size.disconnect();
    drawing.stop();
    for (const { sight } of app.photographs.values()) sight?.bitmap.close();
  });
  app.changed();
  return {
    kinds: makeHearing(app, news),
    lost() {
      zone.disable(true);
      app.lost();
    },
  };
}

const render = (context) => startPage(context, "cw-explorer", build);

export default { render };
