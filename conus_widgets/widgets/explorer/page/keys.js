// Keys on a photograph: arrows move the cell, Enter pins it, +, − and 0 zoom.

import { cellAt, isInside, middleOf } from "./geometry.js";

const NUDGE = 28; // an arrow moves a cell, but no less than this part of the photograph
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const ZOOMS = { "+": 1.5, "=": 1.5, "-": 1 / 1.5, 0: 0 };

export function onKey(app, event, index) {
  if (!app.sight(index)) return;
  app.activate(index);
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  const act = plain ? plainAction(app, event.key, index) : historyAction(app, event);
  if (!act) return;
  act();
  event.preventDefault();
  event.stopPropagation();
}

function plainAction(app, key, index) {
  if (key in ARROWS) return () => step(app, ARROWS[key], index);
  if (key in ZOOMS) return () => app.zoom(ZOOMS[key]);
  if (key === "Enter") return () => app.cursor && app.pinAt(app.cursor);
  return null;
}

function historyAction(app, { key, shiftKey }) {
  if (key === "Enter") return plainAction(app, key);
  if (key.toLowerCase() !== "z") return null;
  return shiftKey ? app.redo : app.undo;
}

function step(app, [down, right], index) {
  const grid = app.panes[index].map ?? app.sight(index);
  const [rows, columns] = [Math.min(grid.rows, NUDGE), Math.min(grid.columns, NUDGE)];
  const next = app.cursor
    ? cellAt(app.cursor, rows, columns)
    : { row: (rows - 1) >> 1, column: (columns - 1) >> 1 };
  if (app.cursor) Object.assign(next, { row: next.row + down, column: next.column + right });
  const place = middleOf(next, rows, columns);
  if (isInside(place)) app.point(place, true);
}
