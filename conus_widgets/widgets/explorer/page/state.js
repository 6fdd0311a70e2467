// What is on the page, and what can be done with it. Everything that is shown is drawn from here.

import { limitOf } from "./colours.js";
import { cellAt, steady, zoomAbout } from "./geometry.js";
import { camOf, isolated, placeWords, ranking, signedText, spoken } from "./numbers.js";
import { addRegion } from "./region.js";

const MAPS = 4; // maps side by side
const LATE = 250; // ms: work that is over sooner shows no progress

export const newPane = () => ({
  choice: { photograph: 0, method: "cam", layer: null, target: null, against: null },
  generation: 0,
  state: "waiting",
  error: "",
  map: null,
  part: 0,
  late: false,
});

/** `tell(kind, content, buffers)` sends, `post` does so without an answer; `changed()` draws soon, `changed(false)` at a stroke's pace; `speak(text)` is read aloud; `isMine(message)`: it answers this view, not another one. */
export function makeApp({ tell, post, changed, speak, isGone, isMine, stage }) {
  const app = {
    most: MAPS,
    network: null,
    photographs: new Map(),
    panes: [newPane()],
    active: 0,
    view: { zoom: 1, u: 0.5, v: 0.5 },
    style: "grey",
    opacity: 0.75,
    held: null,
    tool: "look",
    brush: 14,
    fill: "black",
    offset: [0, 0],
    source: null,
    given: null,
    lender: 0,
    region: null,
    checking: null,
    pins: [],
    cursor: null,
    changed,
    say: speak,
    gone: isGone,
    isMine,
  };
  let generation = 0; // of maps that were asked for
  let keeping = 0;

  app.pane = (index = app.active) => app.panes[index] ?? app.panes[0];
  app.sight = (index = app.active) =>
    app.photographs.get(app.pane(index).choice.photograph)?.sight ?? null;
  app.wordsOf = ({ choice: { target, against } }) => {
    if (target === null || !app.network) return "";
    const { labels } = app.network;
    return against === null
      ? labels[target]
      : `${isolated(labels[target])} rather than ${isolated(labels[against])}`;
  };

  // Maps

  const isHere = ({ method, photograph }) =>
    method === "cam" && app.photographs.get(photograph)?.sight;
  const setLocalMap = (pane) => {
    const sight = app.photographs.get(pane.choice.photograph)?.sight;
    if (sight && pane.choice.target === null) pane.choice.target = ranking(sight.logits)[0];
    if (!sight || !isHere(pane.choice)) return;
    const { rows, columns, layer, shift } = sight;
    const values = camOf(sight, pane.choice.target, pane.choice.against);
    pane.map = { values, rows, columns, layer, shift, unit: "logit" };
    pane.state = "done";
  };
  app.choose = (index, change) => {
    const pane = app.panes[index];
    if (app.gone() && !isHere({ ...pane.choice, ...change })) {
      speak("Without a kernel there is no other map of this method.");
      changed();
      return false;
    }
    const other = "photograph" in change && change.photograph !== pane.choice.photograph;
    Object.assign(pane.choice, other ? { target: null, against: null } : {}, change);
    if (other) app.regionMoved();
    Object.assign(pane, {
      generation: ++generation,
      map: null,
      error: "",
      part: 0,
      late: false,
      state: "running",
    });
    const mine = generation;
    setTimeout(() => {
      if (pane.generation !== mine) return;
      pane.late = true;
      changed();
    }, LATE);
    setLocalMap(pane); // at once: the kernel's own answer confirms it
    tell("choose", { pane: index, generation, ...pane.choice });
    changed();
    return true;
  };
  app.explain = (number) => {
    const { against } = app.pane().choice;
    ask({ target: number, against: against === number ? null : against });
  };
  app.hold = (number) => {
    ask({ against: app.pane().choice.against === number ? null : number });
  };
  const ask = (change) =>
    app.choose(app.active, change) && speak(`Explained: ${app.wordsOf(app.pane())}.`);
  app.addPane = () => {
    if (app.panes.length >= MAPS) return;
    app.panes.push({ ...newPane(), choice: { ...app.pane().choice } });
    app.active = app.panes.length - 1;
    app.choose(app.active, {});
    app.keep();
  };
  app.dropPane = (index) => {
    if (app.panes.length < 2) return;
    tell("drop", { pane: index });
    app.paneDropped(index);
  };
  /** A map was taken away, here or in another view. */
  app.paneDropped = (index) => {
    if (app.panes.length < 2 || index >= app.panes.length) return;
    const before = app.pane().choice.photograph;
    app.panes.splice(index, 1);
    follow(
      Math.min(app.active > index ? app.active - 1 : app.active, app.panes.length - 1),
      before,
    );
  };
  app.activate = (index) => index !== app.active && follow(index, app.pane().choice.photograph);
  const follow = (index, before) => {
    app.active = index;
    if (app.pane().choice.photograph !== before) app.regionMoved();
    app.keep();
    changed();
  };
  /** A map, or news of it: null where it is stale. */
  app.receive = (message, values) => {
    let pane = app.panes.find((one) => one.generation === message.generation);
    if (!pane && message.generation > generation) {
      // somebody chose it in Python
      while (app.panes.length <= message.pane) app.panes.push(newPane());
      pane = app.panes[message.pane];
    }
    if (!pane) return null;
    const other = pane === app.pane() && pane.choice.photograph !== message.photograph;
    generation = Math.max(generation, message.generation);
    const { photograph, method, layer, target, against, state, error, map } = message;
    Object.assign(pane, {
      choice: { photograph, method, layer, target, against },
      generation: message.generation,
      state,
      error,
    });
    pane.map = map ? { ...map, values } : pane.map;
    if (!map && !isHere(pane.choice)) pane.map = null;
    setLocalMapIfMissing(pane);
    if (other) app.regionMoved();
    changed();
    return pane;
  };
  // What was refused stays refused: the map of another class in its place would deceive.
  const setLocalMapIfMissing = (pane) => pane.map || pane.error || setLocalMap(pane);
  app.progress = ({ generation: number, part }) => {
    const pane = app.panes.find((one) => one.generation === number);
    if (pane) Object.assign(pane, { part, late: true });
    changed();
  };
  app.arrived = () => {
    for (const pane of app.panes) setLocalMapIfMissing(pane);
    changed();
  };
  app.check = () => {
    app.checking = { method: app.pane().choice.method, part: 0 };
    tell("check", { method: app.checking.method });
    changed();
  };
  /** How far a method's check is; what comes after a cancel is not heard. */
  app.heardChecking = ({ method, part, error }) => {
    if (app.checking?.method !== method) return;
    app.checking = part < 1 ? { method, part } : null;
    if (part >= 1) speak(error || "Tested.");
    changed();
  };
  /** The kernel is gone: what was asked for will not come, what is there stays. */
  app.lost = () => {
    app.checking = null;
    for (const pane of app.panes)
      if (pane.state === "running") Object.assign(pane, { state: "failed", error: "no answer" });
    app.regionLost();
    speak("");
    changed();
  };
  app.isBusy = () => app.checking !== null || app.panes.some((pane) => pane.state === "running");
  app.cancel = () => {
    for (const pane of app.panes) if (pane.state === "running") pane.state = "stopped";
    app.checking = null;
    tell("cancel");
    speak("Stopped.");
    changed();
  };

  // How it is drawn

  const limitNow = (unit) =>
    limitOf(app.panes.filter(({ map }) => map?.unit === unit).map(({ map }) => map.values));
  let limits = { key: null, found: {} };
  app.limitFor = (unit) => {
    if (app.held && unit in app.held) return app.held[unit];
    const key = app.panes.map(({ map }) => map?.values);
    if (
      !limits.key ||
      key.length !== limits.key.length ||
      key.some((one, i) => one !== limits.key[i])
    )
      limits = { key, found: {} };
    return (limits.found[unit] ??= limitNow(unit));
  };
  app.isHeld = () => app.held !== null;
  app.holdScale = (on) => {
    const units = new Set(app.panes.map(({ map }) => map?.unit).filter(Boolean));
    app.held = on ? Object.fromEntries([...units].map((unit) => [unit, limitNow(unit)])) : null;
    changed();
  };
  app.draw = (change) => {
    Object.assign(app, change);
    app.keep();
    changed();
  };
  app.look = (view) => {
    app.view = view;
    changed();
  };
  app.zoom = (factor, at) => {
    const index = at?.index ?? app.active;
    const [size, sight] = [stage().sizeOf(index), app.sight(index)];
    if (!sight) return;
    const middle = { x: size.width / 2, y: size.height / 2 };
    if (factor === 0) app.view = { zoom: 1, u: 0.5, v: 0.5 };
    else app.view = zoomAbout(app.view, factor, (at ?? middle).x, (at ?? middle).y, size, sight);
    app.view = steady(app.view, size, sight);
    if (!at) speak(`Zoom ${app.view.zoom.toFixed(1)}.`);
    changed();
  };

  // Cells

  app.valueHere = () => {
    const { map } = app.pane();
    if (!map || !app.cursor) return null;
    const { row, column } = cellAt(app.cursor, map.rows, map.columns);
    return map.values[row * map.columns + column];
  };
  let resting = 0;
  app.point = (place, index, byKey = false) => {
    app.cursor = place;
    if (place && app.tool === "look") {
      clearTimeout(resting);
      resting = setTimeout(() => speak(app.cellWords()), byKey ? 0 : 500); // not at every step of a mouse
    }
    changed();
  };
  app.cellWords = () => {
    const sight = app.sight();
    if (!sight || !app.cursor) return "";
    const { map, choice } = app.pane();
    const grid = map ?? sight;
    const here = cellAt(app.cursor, grid.rows, grid.columns);
    const cell = cellAt(app.cursor, sight.rows, sight.columns);
    const other = grid.rows !== sight.rows || grid.columns !== sight.columns;
    if (other)
      return `${placeWords(here)}: ${signedText(app.valueHere(), "free")} ${map.unit} for ${app.wordsOf(app.pane())}`;
    const order = ranking(sight.logits);
    const rival = choice.against ?? order.find((number) => number !== choice.target);
    const said = [choice.target, rival].filter((number) => number !== undefined && number !== null);
    const value = (number) => camOf(sight, number)[cell.row * sight.columns + cell.column];
    return spoken(
      here,
      said.map((number) => ({ value: value(number), label: app.network.labels[number] })),
    );
  };
  app.pinAt = (place) =>
    app.pin({
      photograph: app.pane().choice.photograph,
      ...cellAt(place, app.sight().rows, app.sight().columns),
    });
  app.pin = (pin) => {
    const same = (other) => ["photograph", "row", "column"].every((key) => other[key] === pin[key]);
    const old = app.pins.find(same);
    app.pins = old
      ? app.pins.filter((other) => other !== old)
      : [...app.pins, { photograph: pin.photograph, row: pin.row, column: pin.column }];
    speak(`Row ${pin.row + 1}, column ${pin.column + 1} ${old ? "unpinned" : "pinned"}.`);
    app.keep();
    changed();
  };
  app.pinsHere = () =>
    app.pins
      .map((pin, i) => [i + 1, pin])
      .filter(([, pin]) => pin.photograph === app.pane().choice.photograph);
  /** Tells the kernel what to keep for the saved notebook, once it has come to rest. */
  app.keep = () => {
    clearTimeout(keeping);
    const { active, pins, style, opacity } = app;
    keeping = setTimeout(() => tell("view", { view: { active, pins, style, opacity } }), 300);
  };

  addRegion(app, tell, post);
  app.save = (form) => tell("save", { form, pane: app.active });
  return app;
}
