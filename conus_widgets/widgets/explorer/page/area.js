// The covered area: what is asked of the network, and its newest answer.

import { makeFlow } from "./flow.js";
import { coverageOf } from "./geometry.js";
import { makeMask, unpackBits } from "./painting.js";

export function addArea(app) {
  app.area = null; // once the network's size is known
  let answer = null; // logits with the area covered
  let line = ""; // of Python, which repeats that answer
  let taken = 0; // the last area that came from Python or another page
  let weights = null; // of the area, on the cells

  const flow = makeFlow(({ final }, generation) => {
    const { photograph } = app.pane().choice;
    const mask = app.area.packed();
    app.ask.area({ generation, photograph, ...app.coverMessage(), final, mask });
  });
  const forget = () => {
    answer = null;
    line = "";
  };
  app.makeArea = (size) => (app.area = makeMask(size));
  app.isCovered = () => Boolean(app.area) && !app.area.isEmpty();
  /** The network's answer with the area covered, or null. */
  app.covered = () => (app.isCovered() ? answer : null);
  app.evidenceLine = () => (app.isCovered() && flow.isIdle() ? line : "");
  app.isAwaiting = () => app.isCovered() && !flow.isIdle();
  app.areaWeights = () => {
    const sight = app.sight();
    if (!sight || !app.isCovered()) return null;
    return (weights ??= coverageOf(app.area.mask, app.area.size, sight.rows, sight.columns));
  };
  /** Asks the network again. `fresh`: of another photograph, whose answer is another one. */
  app.areaChanged = (final, fresh = false) => {
    if (!app.area) return;
    weights = null;
    app.redrawCover();
    if (fresh || app.area.isEmpty()) forget();
    if (app.sight()) flow.ask({ final });
    app.changed(final);
  };
  /** The photograph below the area is another one. */
  app.areaMoved = () => app.isCovered() && app.areaChanged(true, true);
  /** An answer will not come; a newer request is made all the same. */
  app.areaFailed = () => {
    if (app.isAwaiting()) forget();
    flow.failed();
  };
  app.areaLost = () => {
    if (app.isAwaiting()) forget();
    flow.forget();
  };
  app.checked = ({ generation, photograph, took, page, python }, logits) => {
    // A stroke on another page, on its way.
    if (page && !app.isMine({ page }) && generation !== taken) return;
    if (flow.answered(generation, took) && photograph === app.pane().choice.photograph) {
      answer = logits;
      line = python;
    }
    app.changed();
  };
  /** An area from Python, or from another page. */
  app.takeArea = ({ generation, fill, offset, page }, bits, given) => {
    if (page && app.isMine({ page })) return;
    taken = generation;
    app.area.set(unpackBits(bits, app.area.mask.length));
    app.takeCover(fill, offset, given);
    flow.startAfter(generation);
    weights = null;
    forget();
    app.changed();
  };
}

/** Painting and its history. */
export function addPainting(app) {
  /** Before a stroke that starts at a place; false if it cannot begin. */
  app.beginPainting = (place) => {
    if (!app.coverIsReady(place)) return false;
    app.say("");
    app.area.begin();
    return true;
  };
  for (const name of ["undo", "redo", "reset"]) {
    app[name] = () => {
      if (!app.area?.[name]()) return;
      app.areaChanged(true);
      app.say(app.area.isEmpty() ? "Nothing is covered." : "");
    };
  }
}
