// Maps: which are asked for, and what has come.

import { isolated } from "../../live/page/words.js";
import { camOf, ranking } from "./numbers.js";

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

/** The panes, and what they show. */
export function addPanes(app) {
  app.panes = [newPane()];
  app.active = 0;
  app.most = MAPS;
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
  app.addPane = () => {
    if (app.panes.length >= MAPS) return;
    app.panes.push({ ...newPane(), choice: { ...app.pane().choice } });
    app.active = app.panes.length - 1;
    app.choose(app.active, {});
    app.keep();
  };
  app.dropPane = (index) => {
    if (app.panes.length < 2) return;
    app.ask.drop(index);
    app.paneDropped(index);
  };
  /** A map was taken away, on this page or another one. */
  app.paneDropped = (index) => {
    if (app.panes.length < 2 || index >= app.panes.length) return;
    const before = app.pane().choice.photograph;
    app.panes.splice(index, 1);
    const active = app.active > index ? app.active - 1 : app.active;
    makeActive(Math.min(active, app.panes.length - 1), before);
  };
  app.activate = (index) => index !== app.active && makeActive(index, app.pane().choice.photograph);
  const makeActive = (index, before) => {
    app.active = index;
    if (app.pane().choice.photograph !== before) app.areaMoved();
    app.keep();
    app.changed();
  };
}

/** CAM is computed in the page. */
const isHere = (app, { method, photograph }) =>
  method === "cam" && app.photographs.get(photograph)?.sight;

function setLocalMap(app, pane) {
  const sight = app.photographs.get(pane.choice.photograph)?.sight;
  if (sight && pane.choice.target === null) pane.choice.target = ranking(sight.logits)[0];
  if (!sight || !isHere(app, pane.choice)) return;
  const { rows, columns, layer, shift } = sight;
  const values = camOf(sight, pane.choice.target, pane.choice.against);
  pane.map = { values, rows, columns, layer, shift, unit: "logit" };
  pane.state = "done";
}

// What was refused stays refused: the map of another class in its place would deceive.
const setLocalMapIfMissing = (app, pane) => pane.map || pane.error || setLocalMap(app, pane);

/** Choosing another map. */
export function addChoosing(app) {
  app.choose = (index, change) => {
    const pane = app.panes[index];
    if (app.gone() && !isHere(app, { ...pane.choice, ...change })) {
      app.say("Without a kernel there is no other map of this method.");
      app.changed();
      return false;
    }
    const other = "photograph" in change && change.photograph !== pane.choice.photograph;
    Object.assign(pane.choice, other ? { target: null, against: null } : {}, change);
    if (other) app.areaMoved();
    const generation = ++app.generation;
    Object.assign(pane, {
      generation,
      map: null,
      error: "",
      part: 0,
      late: false,
      state: "running",
    });
    setTimeout(() => {
      if (pane.generation !== generation) return;
      pane.late = true;
      app.changed();
    }, LATE);
    setLocalMap(app, pane); // at once: the kernel's own answer confirms it
    app.ask.choose(index, generation, pane.choice);
    app.changed();
    return true;
  };
  const explain = (change) =>
    app.choose(app.active, change) && app.say(`Explained: ${app.wordsOf(app.pane())}.`);
  app.explain = (number) => {
    const { against } = app.pane().choice;
    explain({ target: number, against: against === number ? null : against });
  };
  app.hold = (number) => explain({ against: app.pane().choice.against === number ? null : number });
  app.cancel = () => {
    for (const pane of app.panes) if (pane.state === "running") pane.state = "stopped";
    app.testing = null;
    app.ask.cancel();
    app.say("Stopped.");
    app.changed();
  };
}

/** What the kernel answers about maps. */
export function addAnswers(app) {
  app.generation = 0; // of maps that were asked for
  /** A map, or news of it: null if it is stale. */
  app.receive = (message, values) => {
    const pane = paneOf(message);
    if (!pane) return null;
    const other = pane === app.pane() && pane.choice.photograph !== message.photograph;
    app.generation = Math.max(app.generation, message.generation);
    const { generation, photograph, method, layer, target, against, state, error, map } = message;
    const choice = { photograph, method, layer, target, against };
    Object.assign(pane, { choice, generation, state, error });
    pane.map = map ? { ...map, values } : pane.map;
    if (!map && !isHere(app, choice)) pane.map = null;
    setLocalMapIfMissing(app, pane);
    if (other) app.areaMoved();
    app.changed();
    return pane;
  };
  const paneOf = ({ generation, pane }) => {
    const known = app.panes.find((one) => one.generation === generation);
    if (known || generation <= app.generation) return known;
    while (app.panes.length <= pane) app.panes.push(newPane()); // somebody chose it in Python
    return app.panes[pane];
  };
  app.progress = ({ generation, part }) => {
    const pane = app.panes.find((one) => one.generation === generation);
    if (pane) Object.assign(pane, { part, late: true });
    app.changed();
  };
  /** A photograph has come. */
  app.arrived = () => {
    for (const pane of app.panes) setLocalMapIfMissing(app, pane);
    app.changed();
  };
  app.isBusy = () => app.testing !== null || app.panes.some((pane) => pane.state === "running");
}

/** A method's randomisation test. */
export function addTests(app) {
  app.testing = null; // {method, part}
  app.test = () => {
    app.testing = { method: app.pane().choice.method, part: 0 };
    app.ask.test(app.testing.method);
    app.changed();
  };
  /** How far a test is; what comes after a cancel is not heard. */
  app.tested = ({ method, part, error }) => {
    if (app.testing?.method !== method) return;
    app.testing = part < 1 ? { method, part } : null;
    if (part >= 1) app.say(error || "Tested.");
    app.changed();
  };
}
