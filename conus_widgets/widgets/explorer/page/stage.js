// The maps side by side, and what pointer and keys do on them.

import { make, NO_SHORTCUTS, set } from "../../live/page/elements.js";
import { fillRectangle, stamp } from "./brush.js";
import {
  cellAt,
  isInside,
  middleOf,
  placeOf,
  steady,
  toPhotograph,
  zoomAbout,
} from "./geometry.js";
import { drawScene, greyOf } from "./scene.js";

const CLICK = 4; // CSS pixels: less is no drag
const NUDGE = 28; // an arrow moves a cell, but no less than this part of the photograph

function makeFrame(app, index) {
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

export function makeStage(app) {
  const element = make("div", "cx-stage");
  const frames = [];
  const fingers = new Map(); // pointers that are down
  let action = null; // what the pointer is doing: {kind, pane, ...}
  let hover = null; // where it is: {pane, x, y}

  const sizeOf = ({ canvas }) => ({ width: canvas.clientWidth, height: canvas.clientHeight });
  const at = (event, { canvas }) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const placeIn = (index) => placeOf(sizeOf(frames[index]), app.sight(index), app.view);

  function paintOver(index, from, to, value) {
    const [place, size] = [placeIn(index), app.region.size];
    const [a, b] = [from, to].map(({ x, y }) => toPhotograph(place, x, y));
    const [rx, ry] = [(app.brush / place.width) * size, (app.brush / place.height) * size];
    stamp(
      app.region.mask,
      size,
      { x0: a.u * size, y0: a.v * size, x1: b.u * size, y1: b.v * size, rx, ry },
      value,
    );
  }

  function press(event, index) {
    const [frame, point] = [frames[index], at(event, frames[index])];
    if (event.button > 0 || !app.sight(index)) return;
    frame.canvas.focus({ preventScroll: true });
    frame.canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, point);
    app.activate(index);
    if (fingers.size === 2) {
      if (action?.painting) app.region.abandon();
      action = { kind: "pinch", index };
      return app.regionChanged(true);
    }
    const place = toPhotograph(placeIn(index), point.x, point.y);
    const kind = app.gone() ? "look" : app.tool;
    action = { kind, index, start: point, last: point, view: app.view, painting: false };
    if (kind === "source") {
      if (isInside(place)) app.setSource(place);
      action = null;
    } else if (kind !== "look") {
      if (!app.beginPainting(place)) return (action = null);
      action.painting = true;
      action.before = app.region.mask.slice();
      if (kind !== "rectangle") paintOver(index, point, point, kind === "brush" ? 1 : 0);
      return app.regionChanged(false);
    }
    app.point(place, index);
  }

  function move(event, index) {
    const point = at(event, frames[index]);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    const old = fingers.get(event.pointerId);
    if (old) fingers.set(event.pointerId, point);
    hover = { index, ...point };
    if (!app.sight(index)) return;
    const sight = app.sight(index);
    if (action?.kind === "pinch" && old && other) {
      const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) || 1;
      const view = zoomAbout(
        app.view,
        apart(point, other) / apart(old, other),
        other.x,
        other.y,
        sizeOf(frames[index]),
        sight,
      );
      return app.look(view);
    }
    const place = toPhotograph(placeIn(index), point.x, point.y);
    if (action?.kind === "look" && app.view.zoom > 1) {
      const size = placeIn(index);
      const u = action.view.u - (point.x - action.start.x) / size.width;
      const v = action.view.v - (point.y - action.start.y) / size.height;
      app.look(steady({ zoom: app.view.zoom, u, v }, sizeOf(frames[index]), sight));
    } else if (action?.painting) {
      if (action.kind === "rectangle") {
        const [a, size] = [
          toPhotograph(placeIn(index), action.start.x, action.start.y),
          app.region.size,
        ];
        app.region.mask.set(action.before);
        fillRectangle(
          app.region.mask,
          size,
          a.u * size,
          a.v * size,
          place.u * size,
          place.v * size,
          1,
        );
      } else {
        for (const step of event.getCoalescedEvents?.() ?? [event]) {
          const next = at(step, frames[index]);
          paintOver(index, action.last, next, action.kind === "brush" ? 1 : 0);
          action.last = next;
        }
        paintOver(index, action.last, point, action.kind === "brush" ? 1 : 0);
        action.last = point;
      }
      app.regionChanged(false);
    }
    if (!action?.painting) app.point(isInside(place) ? place : null, index);
  }

  function release(event, index, cancelled = false) {
    const point = at(event, frames[index]);
    const was = action;
    fingers.delete(event.pointerId);
    if (fingers.size) return;
    action = null;
    if (!was) return;
    if (was.painting) {
      const place = toPhotograph(placeIn(index), point.x, point.y);
      app.point(isInside(place) ? place : null, index);
      if (cancelled) app.region.abandon();
      return app.regionChanged(true);
    }
    const still = was.start && Math.hypot(point.x - was.start.x, point.y - was.start.y) < CLICK;
    if (was.kind === "look" && still && !cancelled)
      app.pinAt(toPhotograph(placeIn(index), point.x, point.y));
  }

  function key(event, index) {
    const sight = app.sight(index);
    if (!sight) return;
    app.activate(index);
    const grid = app.panes[index].map ?? sight;
    const [rows, columns] = [Math.min(grid.rows, NUDGE), Math.min(grid.columns, NUDGE)];
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (steps[event.key] && plain) {
      const here = app.cursor
        ? cellAt(app.cursor, rows, columns)
        : { row: (rows - 1) >> 1, column: (columns - 1) >> 1 };
      const [down, right] = app.cursor ? steps[event.key] : [0, 0];
      const next = middleOf({ row: here.row + down, column: here.column + right }, rows, columns);
      if (isInside(next)) app.point(next, index, true);
    } else if (event.key === "Enter") {
      if (app.cursor) app.pinAt(app.cursor);
    } else if (plain && ["+", "="].includes(event.key)) app.zoom(1.5);
    else if (plain && event.key === "-") app.zoom(1 / 1.5);
    else if (plain && event.key === "0") app.zoom(0);
    else if (!plain && event.key.toLowerCase() === "z") {
      if (event.shiftKey) app.redo();
      else app.undo();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function makeOne() {
    const index = frames.length;
    const frame = makeFrame(app, index);
    const { canvas } = frame;
    canvas.addEventListener("pointerdown", (event) => press(event, index));
    canvas.addEventListener("pointermove", (event) => move(event, index));
    canvas.addEventListener("pointerup", (event) => release(event, index));
    canvas.addEventListener("pointercancel", (event) => release(event, index, true));
    canvas.addEventListener("pointerleave", () => {
      hover = null;
      if (!action) app.point(null, index);
    });
    canvas.addEventListener("keydown", (event) => key(event, index));
    canvas.addEventListener("focus", () => app.activate(index));
    canvas.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
        event.preventDefault();
        app.zoom(2 ** (-event.deltaY / 200), { index, ...at(event, frame) });
      },
      { passive: false },
    );
    frames.push(frame);
    element.append(frame.element);
  }

  function draw(index) {
    const { canvas, progress, words, how, close, element: figure } = frames[index];
    const [pane, sight] = [app.panes[index], app.sight(index)];
    figure.classList.toggle("cx-active", app.panes.length > 1 && index === app.active);
    set(close, { hidden: app.panes.length < 2 });
    set(progress, { hidden: pane.state !== "running" || !pane.late });
    if (pane.part) set(progress, { value: pane.part });
    else if (progress.position >= 0) progress.removeAttribute("value");
    const name = app.photographs.get(pane.choice.photograph)?.name ?? "";
    const label =
      app.network?.methods.find((method) => method.name === pane.choice.method)?.label ?? "";
    const grid = pane.map ? `, ${pane.map.rows} × ${pane.map.columns} cells` : "";
    const [what, doing] = [
      app.wordsOf(pane),
      { running: ", working ...", stopped: ", stopped" }[pane.state] ?? "",
    ];
    const made =
      pane.error ||
      `${label.split(":")[0]}${pane.map?.layer ? ` at ${pane.map.layer}` : ""}${grid}${doing}`;
    set(words, { textContent: what, title: what });
    set(how, { textContent: made, title: made });
    how.classList.toggle("cw-error", Boolean(pane.error));
    set(canvas, {
      "aria-label": `${name}: ${what}. Arrows move the cell, Enter pins it, plus and minus zoom, Escape leaves.`,
    });
    if (!sight) return drawScene(canvas, {});
    const several = app.panes.length > 1;
    const wide = canvas.parentElement.clientWidth;
    const height = Math.round(Math.min((wide * sight.height) / sight.width, several ? 420 : 620));
    canvas.style.height = `${Math.max(160, height)}px`;
    const grid2 = pane.map ?? sight;
    const { rows, columns, shift } = grid2;
    const cursor = app.cursor && { ...cellAt(app.cursor, rows, columns), rows, columns, shift };
    const mine = pane.choice.photograph === app.pane().choice.photograph;
    const brushing = ["brush", "erase"].includes(app.tool) && hover?.index === index;
    canvas.classList.toggle("cx-bare", brushing);
    // A finger that only looks may scroll the page; one that paints or moves the photograph may not.
    canvas.style.touchAction = app.tool === "look" && app.view.zoom === 1 ? "pan-y" : "none";
    drawScene(canvas, {
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
      brush: brushing ? { ...hover, radius: app.brush } : null,
    });
  }

  /** As many frames as maps; a map that was chosen a moment ago may be asked for before it is drawn. */
  function match() {
    while (frames.length < app.panes.length) makeOne();
    while (frames.length > app.panes.length) frames.pop().element.remove();
  }

  return {
    element,
    sizeOf(index) {
      match();
      return sizeOf(frames[index]);
    },
    stop() {
      if (action?.painting) {
        app.region.abandon();
        app.regionChanged(true);
      }
      action = null;
    },
    busy: () => Boolean(action?.painting),
    refresh() {
      match();
      element.dataset.count = String(frames.length);
      set(element, { hidden: app.photographs.size === 0 });
      for (let index = 0; index < frames.length; index++) draw(index);
    },
  };
}
