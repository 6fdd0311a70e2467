// A frame: one map with its caption, drawn over its photograph.

import { make, NO_SHORTCUTS, set } from "../../live/page/elements.js";
import { cellAt } from "./geometry.js";
import { drawScene, greyOf } from "./scene.js";

const LOW = 160; // CSS pixels of a canvas' height
const HIGH = { alone: 620, beside: 420 };

export function makeFrame(app, index) {
  const element = make("figure", "cx-frame");
  const holder = make("div", "cx-holder");
  const canvas = make("canvas", "cx-canvas", "", { tabindex: "0", role: "application" });
  const progress = make("progress", "", "", { max: "1", "aria-label": "Progress" });
  const head = make("figcaption", "cx-caption");
  const [words, how] = [make("span", "cx-words"), make("span", "cx-quiet")];
  const close = make("button", "cw-remove", "\u00d7", {
    type: "button",
    title: "Take this map away",
  });
  close.setAttribute("aria-label", `Take map ${index + 1} away`);
  close.addEventListener("click", () => app.dropPane(index));
  canvas.setAttribute(NO_SHORTCUTS, "true");
  head.append(words, how, close);
  holder.append(canvas, progress);
  element.append(head, holder);
  return { element, canvas, progress, words, how, close };
}

/** Draws a frame; `hover`: where the pointer is, {index, x, y} or null. */
export function drawFrame(app, frame, index, hover) {
  const [pane, sight] = [app.panes[index], app.sight(index)];
  const several = app.panes.length > 1;
  frame.element.classList.toggle("cx-active", several && index === app.active);
  set(frame.close, { hidden: !several });
  drawProgress(frame.progress, pane);
  writeCaption(app, frame, pane);
  if (!sight) return drawScene(frame.canvas, {});
  const brushing = ["brush", "erase"].includes(app.tool) && hover?.index === index;
  fit(app, frame.canvas, sight, several ? HIGH.beside : HIGH.alone);
  frame.canvas.classList.toggle("cx-bare", brushing);
  return drawScene(frame.canvas, {
    ...sceneOf(app, pane, sight),
    brush: brushing ? { ...hover, radius: app.brush } : null,
  });
}

function drawProgress(progress, { state, late, part }) {
  set(progress, { hidden: state !== "running" || !late });
  if (part) set(progress, { value: part });
  else if (progress.position >= 0) progress.removeAttribute("value");
}

function writeCaption(app, { canvas, words, how }, pane) {
  const what = app.wordsOf(pane);
  const made = pane.error || howMade(app, pane);
  set(words, { textContent: what, title: what });
  set(how, { textContent: made, title: made });
  how.classList.toggle("cw-error", Boolean(pane.error));
  const name = app.photographs.get(pane.choice.photograph)?.name ?? "";
  set(canvas, {
    "aria-label": `${name}: ${what}. Arrows move the cell, Enter pins it, plus and minus zoom, Escape leaves.`,
  });
}

/** "HiResCAM at res4e, 14 × 14 cells, working ..." */
function howMade({ network }, { choice, map, state }) {
  const label = network?.methods.find(({ name }) => name === choice.method)?.label ?? "";
  const layer = map?.layer ? ` at ${map.layer}` : "";
  const grid = map ? `, ${map.rows} × ${map.columns} cells` : "";
  const doing = { running: ", working ...", stopped: ", stopped" }[state] ?? "";
  return `${label.split(":")[0]}${layer}${grid}${doing}`;
}

function fit(app, canvas, sight, most) {
  const wide = canvas.parentElement.clientWidth;
  const height = Math.round(Math.min((wide * sight.height) / sight.width, most));
  canvas.style.height = `${Math.max(LOW, height)}px`;
  // A finger that only looks may scroll the page; one that paints or moves the photograph may not.
  canvas.style.touchAction = app.tool === "look" && app.view.zoom === 1 ? "pan-y" : "none";
}

/** What `drawScene` draws, but for the brush. */
function sceneOf(app, pane, sight) {
  const { rows, columns, shift } = pane.map ?? sight;
  const cursor = app.cursor && { ...cellAt(app.cursor, rows, columns), rows, columns, shift };
  const mine = pane.choice.photograph === app.pane().choice.photograph;
  return {
    picture: app.style === "grey" ? (sight.grey ??= greyOf(sight.bitmap)) : sight.bitmap,
    photograph: sight,
    view: app.view,
    map: pane.map,
    limit: pane.map ? app.limitFor(pane.map.unit) : 0,
    style: app.style,
    opacity: app.opacity,
    cover: mine ? app.cover() : null,
    cells: sight,
    cursor: ["look", "source"].includes(app.tool) ? cursor : null,
    pins: mine ? app.pinsHere() : [],
    source: mine && app.fill === "patch" ? app.source : null,
  };
}
