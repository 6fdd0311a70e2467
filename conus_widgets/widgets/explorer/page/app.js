// The page's state, and the actions on it. Everything that is shown is drawn from here.
// Each part adds its own state and functions to one object; none keeps a copy of another one's.

import { addArea, addPainting } from "./area.js";
import { addCursor, addPins } from "./cells.js";
import { addCovers, addTools } from "./covers.js";
import { addAnswers, addChoosing, addPanes, addTests } from "./maps.js";
import { addScale, addZoom } from "./scale.js";

const KEEP = 300; // ms of rest before the kernel is told what to keep

/**
 * `ask`: see requests.js; `changed()` draws soon, `changed(false)` at a stroke's pace; `say(text)` is
 * read aloud; `gone()`: there is no kernel; `isMine(message)`: it answers this page, not another one;
 * `sizeOf(index)`: of a map's canvas.
 */
export function makeApp({ ask, changed, say, gone, isMine, sizeOf }) {
  const app = { ask, changed, say, gone, isMine, sizeOf, network: null, photographs: new Map() };
  for (const add of PARTS) add(app);
  return app;
}

const PARTS = [
  addPanes,
  addChoosing,
  addAnswers,
  addTests,
  addScale,
  addZoom,
  addCursor,
  addPins,
  addTools,
  addCovers,
  addArea,
  addPainting,
  addKeeping,
  addLosing,
];

/** What the kernel keeps for the saved notebook, once the page has come to rest. */
function addKeeping(app) {
  let keeping = 0;
  app.keep = () => {
    clearTimeout(keeping);
    const { active, pins, style, opacity } = app;
    keeping = setTimeout(() => app.ask.keep({ active, pins, style, opacity }), KEEP);
  };
  app.save = (form) => app.ask.save(form, app.active);
}

/** The kernel is gone: what was asked for will not come, what is there stays. */
function addLosing(app) {
  app.lost = () => {
    app.testing = null;
    for (const pane of app.panes)
      if (pane.state === "running") Object.assign(pane, { state: "failed", error: "no answer" });
    app.areaLost();
    app.say("");
    app.changed();
  };
}
