// Cells: the one under the pointer, and those that are pinned.

import { signedText } from "../../live/page/words.js";
import { cellAt } from "./geometry.js";
import { camOf, placeWords, ranking, spoken } from "./numbers.js";

const REST = 500; // ms: a mouse on its way is not read aloud

export function addCursor(app) {
  app.cursor = null;
  let resting = 0;
  app.point = (place, index, byKey = false) => {
    app.cursor = place;
    if (place && app.tool === "look") {
      clearTimeout(resting);
      resting = setTimeout(() => app.say(cellWords()), byKey ? 0 : REST);
    }
    app.changed();
  };
  app.valueHere = () => {
    const { map } = app.pane();
    if (!map || !app.cursor) return null;
    const { row, column } = cellAt(app.cursor, map.rows, map.columns);
    return map.values[row * map.columns + column];
  };
  const cellWords = () => {
    const sight = app.sight();
    if (!sight || !app.cursor) return "";
    const { map, choice } = app.pane();
    const grid = map ?? sight;
    const here = cellAt(app.cursor, grid.rows, grid.columns);
    if (grid.rows !== sight.rows || grid.columns !== sight.columns)
      return `${placeWords(here)}: ${signedText(app.valueHere(), "free")} ${map.unit} for ${app.wordsOf(app.pane())}`;
    const rival =
      choice.against ?? ranking(sight.logits).find((number) => number !== choice.target);
    const said = [choice.target, rival].filter((number) => number !== undefined && number !== null);
    const value = (number) => camOf(sight, number)[here.row * sight.columns + here.column];
    return spoken(
      here,
      said.map((number) => ({ value: value(number), label: app.network.labels[number] })),
    );
  };
}

export function addPins(app) {
  app.pins = [];
  app.pinAt = (place) =>
    app.pin({
      photograph: app.pane().choice.photograph,
      ...cellAt(place, app.sight().rows, app.sight().columns),
    });
  app.pin = ({ photograph, row, column }) => {
    const pin = { photograph, row, column };
    const old = app.pins.find((other) => Object.keys(pin).every((key) => other[key] === pin[key]));
    app.pins = old ? app.pins.filter((other) => other !== old) : [...app.pins, pin];
    app.say(`Row ${row + 1}, column ${column + 1} ${old ? "unpinned" : "pinned"}.`);
    app.keep();
    app.changed();
  };
  app.pinsHere = () =>
    app.pins
      .map((pin, i) => [i + 1, pin])
      .filter(([, pin]) => pin.photograph === app.pane().choice.photograph);
}
