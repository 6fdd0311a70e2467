// The pointer on the photographs: it points, pins, pans, pinches and paints.

import { isInside, placeOf, steady, toPhotograph, zoomAbout } from "./geometry.js";
import { fillRectangle, stamp } from "./painting.js";

const CLICK = 4; // CSS pixels: less is no drag

const sizeOf = ({ clientWidth, clientHeight }) => ({ width: clientWidth, height: clientHeight });

const at = (event, canvas) => {
  const box = canvas.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
};

/** `canvasOf(index)`: of a map. */
export function makePointer(app, canvasOf) {
  const pointer = {
    app,
    fingers: new Map(), // pointers that are down
    action: null, // what the pointer is doing: {kind, index, painting, start, ...}
    hover: null, // where it is: {index, x, y}
  };
  const eventsOf = (index, canvas) => ({
    pointerdown: (event) => press(pointer, event, index, canvas),
    pointermove: (event) => move(pointer, event, index, canvas),
    pointerup: (event) => release(pointer, event, index, canvas),
    pointercancel: (event) => release(pointer, event, index, canvas, true),
    pointerleave: () => leave(pointer),
    focus: () => app.activate(index),
  });
  return {
    listen(index) {
      const canvas = canvasOf(index);
      for (const [name, call] of Object.entries(eventsOf(index, canvas)))
        canvas.addEventListener(name, call);
      canvas.addEventListener("wheel", (event) => turn(app, event, index, canvas), {
        passive: false,
      });
    },
    hover: () => pointer.hover,
    isPainting: () => Boolean(pointer.action?.painting),
    stop() {
      if (pointer.action?.painting) abandon(pointer);
      pointer.action = null;
    },
  };
}

function leave(pointer) {
  pointer.hover = null;
  if (!pointer.action) pointer.app.point(null);
}

/** With Ctrl the wheel zooms; without, the page scrolls. */
function turn(app, event, index, canvas) {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  app.zoom(2 ** (-event.deltaY / 200), { index, ...at(event, canvas) });
}

function press(pointer, event, index, canvas) {
  const { app, fingers } = pointer;
  if (event.button > 0 || !app.sight(index)) return;
  const point = at(event, canvas);
  canvas.focus({ preventScroll: true });
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, point);
  app.activate(index);
  if (fingers.size === 2) {
    if (pointer.action?.painting) abandon(pointer);
    pointer.action = { kind: "pinch", index };
    return;
  }
  const place = placeAt(app, index, canvas, point);
  const kind = app.gone() ? "look" : app.tool;
  if (kind === "source") {
    if (isInside(place)) app.setSource(place);
    pointer.action = null;
  } else {
    const heard = event.timeStamp;
    pointer.action = {
      kind,
      index,
      start: point,
      last: point,
      heard,
      view: app.view,
      painting: false,
    };
    if (kind === "look") app.point(place);
    else beginStroke(pointer, canvas, place);
  }
}

function move(pointer, event, index, canvas) {
  const { app, fingers, action } = pointer;
  const point = at(event, canvas);
  const old = fingers.get(event.pointerId);
  if (old) fingers.set(event.pointerId, point);
  pointer.hover = { index, ...point };
  if (!app.sight(index)) return;
  if (action?.kind === "pinch") {
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (old && other) return pinch(app, index, canvas, [old, point], other);
  }
  if (action?.painting) return goOn(pointer, event, canvas);
  if (action?.kind === "look" && app.view.zoom > 1) pan(app, action, canvas, point);
  pointTo(app, index, canvas, point);
}

function release(pointer, event, index, canvas, cancelled = false) {
  const { app, fingers, action } = pointer;
  const point = at(event, canvas);
  fingers.delete(event.pointerId);
  if (fingers.size) return;
  pointer.action = null;
  if (!action) return;
  if (action.painting) {
    pointTo(app, index, canvas, point);
    if (cancelled) app.area.abandon();
    app.areaChanged(true);
    return;
  }
  const still =
    action.start && Math.hypot(point.x - action.start.x, point.y - action.start.y) < CLICK;
  if (action.kind === "look" && still && !cancelled) app.pinAt(placeAt(app, index, canvas, point));
}

function placeAt(app, index, canvas, { x, y }) {
  return toPhotograph(placeOf(sizeOf(canvas), app.sight(index), app.view), x, y);
}

function pointTo(app, index, canvas, point) {
  const place = placeAt(app, index, canvas, point);
  app.point(isInside(place) ? place : null);
}

/** Zooms about the finger that rests. */
function pinch(app, index, canvas, [from, to], other) {
  const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) || 1;
  const factor = apart(to, other) / apart(from, other);
  const sight = app.sight(index);
  app.setView(zoomAbout(app.view, factor, other.x, other.y, sizeOf(canvas), sight));
}

function pan(app, { index, start, view }, canvas, point) {
  const [size, sight] = [sizeOf(canvas), app.sight(index)];
  const place = placeOf(size, sight, app.view);
  const u = view.u - (point.x - start.x) / place.width;
  const v = view.v - (point.y - start.y) / place.height;
  app.setView(steady({ zoom: app.view.zoom, u, v }, size, sight));
}

// Strokes

function beginStroke(pointer, canvas, place) {
  const { app, action } = pointer;
  if (!app.beginPainting(place)) {
    pointer.action = null;
    return;
  }
  action.painting = true;
  action.before = app.area.mask.slice();
  if (action.kind !== "rectangle") dab(app, action, canvas, action.start);
  app.areaChanged(false);
  hearAtOnce(pointer, canvas);
}

/** A busy browser tells of moves with its frames, up to 0.1 s late; of these at once, if it knows them. */
function hearAtOnce(pointer, canvas) {
  const { action } = pointer;
  const hear = (event) => {
    if (pointer.action === action) goOn(pointer, event, canvas);
    else canvas.removeEventListener("pointerrawupdate", hear);
  };
  canvas.addEventListener("pointerrawupdate", hear);
}

function goOn({ app, action }, event, canvas) {
  // It is told of each place twice: at once, and with a frame.
  const steps = [...(event.getCoalescedEvents?.() ?? []), event].filter(
    ({ timeStamp }) => timeStamp > action.heard,
  );
  if (!steps.length) return;
  action.heard = event.timeStamp;
  if (action.kind === "rectangle") {
    const { area } = app;
    const ends = [action.start, at(event, canvas)];
    const [a, b] = ends.map((one) => placeAt(app, action.index, canvas, one));
    const corners = [a.u, a.v, b.u, b.v].map((part) => part * area.size);
    area.mask.set(action.before);
    fillRectangle(area.mask, area.size, ...corners, 1);
  } else {
    for (const step of steps) dab(app, action, canvas, at(step, canvas));
  }
  app.areaChanged(false);
}

/** Covers, or uncovers, from the last place of the brush to the next one. */
function dab(app, action, canvas, next) {
  const { mask, size } = app.area;
  const place = placeOf(sizeOf(canvas), app.sight(action.index), app.view);
  const [a, b] = [action.last, next].map(({ x, y }) => toPhotograph(place, x, y));
  const [rx, ry] = [(app.brush / place.width) * size, (app.brush / place.height) * size];
  const stroke = { x0: a.u * size, y0: a.v * size, x1: b.u * size, y1: b.v * size, rx, ry };
  stamp(mask, size, stroke, action.kind === "brush" ? 1 : 0);
  action.last = next;
}

function abandon({ app }) {
  app.area.abandon();
  app.areaChanged(true);
}
