// The drawing of maps: style, opacity, one scale, and which part of the photograph is seen.

import { limitOf } from "./colours.js";
import { steady, zoomAbout } from "./geometry.js";

const WHOLE = { zoom: 1, u: 0.5, v: 0.5 };

export function addScale(app) {
  app.style = "grey";
  app.opacity = 0.75;
  app.held = null; // {unit: limit}
  const limitNow = (unit) =>
    limitOf(app.panes.filter(({ map }) => map?.unit === unit).map(({ map }) => map.values));
  let limits = { key: null, found: {} };
  app.limitFor = (unit) => {
    if (app.held && unit in app.held) return app.held[unit];
    const key = app.panes.map(({ map }) => map?.values);
    const same = key.length === limits.key?.length && key.every((one, i) => one === limits.key[i]);
    if (!same) limits = { key, found: {} };
    return (limits.found[unit] ??= limitNow(unit));
  };
  app.isHeld = () => app.held !== null;
  app.holdScale = (on) => {
    const units = new Set(app.panes.map(({ map }) => map?.unit).filter(Boolean));
    app.held = on ? Object.fromEntries([...units].map((unit) => [unit, limitNow(unit)])) : null;
    app.changed();
  };
  app.draw = (change) => {
    Object.assign(app, change);
    app.keep();
    app.changed();
  };
}

export function addZoom(app) {
  app.view = WHOLE;
  app.setView = (view) => {
    app.view = view;
    app.changed();
  };
  /** Zooms by a factor, 0 for the whole photograph; `at`: {index, x, y} of the pointer. */
  app.zoom = (factor, at) => {
    const index = at?.index ?? app.active;
    const [size, sight] = [app.sizeOf(index), app.sight(index)];
    if (!sight) return;
    const { x, y } = at ?? { x: size.width / 2, y: size.height / 2 };
    const view = factor === 0 ? WHOLE : zoomAbout(app.view, factor, x, y, size, sight);
    app.view = steady(view, size, sight);
    if (!at) app.say(`Zoom ${app.view.zoom.toFixed(1)}.`);
    app.changed();
  };
}
