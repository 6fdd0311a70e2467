// The covered region: painting, undoing, and the network's newest answer to it.

import { makeRegion, unpackBits } from "./brush.js";
import { makeFlow } from "./flow.js";
import { coverageOf } from "./geometry.js";
import { coverPixels, coverRaster } from "./scene.js";

/** Adds to the app what can be done with a region. `tell` and `post` send to the kernel. */
export function addRegion(app, tell, post) {
  let answer = null; // logits with the region covered
  let taken = 0; // the last region that came from Python or another view
  let weights = null; // of the region, on the cells
  let raster = null;
  const canvas = document.createElement("canvas"); // of that raster
  let behind = { of: [], pixels: null }; // what covered pixels show, and what it was made of

  app.covered = () => (app.region && !app.region.isEmpty() ? answer : null);
  app.isAwaiting = () => Boolean(app.region) && !app.region.isEmpty() && !flow.isIdle();
  const flow = makeFlow(({ final }, number) => {
    const { fill, offset, lender } = app;
    const content = {
      generation: number,
      photograph: app.pane().choice.photograph,
      fill,
      offset,
      lender,
      final,
    };
    (final ? tell : post)("region", content, [packNow()]);
  });
  app.flow = flow;
  const packNow = () => app.region.packed();
  app.makeRegion = (size) => (app.region = makeRegion(size));
  app.regionWeights = () => {
    const sight = app.sight();
    if (!sight || !app.region || app.region.isEmpty()) return null;
    return (weights ??= coverageOf(app.region.mask, app.region.size, sight.rows, sight.columns));
  };
  app.cover = () => {
    const sight = app.sight();
    if (!app.region || app.region.isEmpty() || !sight) return null;
    return (raster ??= coverRaster(app.region, pixelsBehind(sight), canvas));
  };
  const pixelsBehind = ({ seen, blurred }) => {
    const {
      fill,
      offset,
      given,
      network: { mean },
    } = app;
    const of = [fill, ...offset, given, seen];
    if (of.some((one, i) => one !== behind.of[i])) {
      behind = {
        of,
        pixels: coverPixels(app.region.size, { fill, offset, given, mean, seen, blurred }),
      };
    }
    return behind.pixels;
  };
  /** Asks the network anew. `fresh`: of another photograph, so that the old answer is none. */
  app.regionChanged = (final, fresh = false) => {
    if (!app.region) return;
    weights = raster = null;
    if (fresh || app.region.isEmpty()) answer = null;
    if (app.sight()) flow.ask({ final });
    app.changed(final);
  };
  /** The photograph below the region is another one. */
  app.regionMoved = () => app.region && !app.region.isEmpty() && app.regionChanged(true, true);
  /** An answer will not come; a newer request is made all the same. */
  app.regionFailed = () => {
    if (app.isAwaiting()) answer = null;
    flow.failed();
  };
  app.regionLost = () => {
    if (app.isAwaiting()) answer = null;
    flow.forget();
  };
  app.checked = ({ generation: number, photograph, took, page }, logits) => {
    if (page && !app.isMine({ page }) && number !== taken) return; // a stroke in another view, on its way
    if (flow.answered(number, took) && photograph === app.pane().choice.photograph) answer = logits;
    app.changed();
  };
  app.takeRegion = ({ generation: number, fill, offset, page }, bits, given) => {
    // from Python, or another view
    if (page && app.isMine({ page })) return;
    taken = number;
    app.region.set(unpackBits(bits, app.region.mask.length));
    Object.assign(app, { fill, offset, given: given ?? app.given, lender: 0 });
    flow.follow(number);
    weights = raster = answer = null;
    app.changed();
  };
  app.useTool = (tool) => {
    app.tool = app.tool === tool && tool === "source" ? "brush" : tool;
    if (app.fill === "patch" && !app.source && ["brush", "rectangle"].includes(tool))
      app.tool = "source";
    if (app.tool === "source") app.say("Click where the copied pixels come from.");
    app.changed();
  };
  app.setBrush = (radius) => {
    app.brush = radius;
    app.changed();
  };
  /** Photographs whose pixels can be painted over the one that is looked at. */
  app.lenders = () =>
    [...app.photographs.values()].filter(
      ({ number, sight }) =>
        sight && (number !== app.pane().choice.photograph || number === app.lender),
    );
  /** What covered pixels show: a fill's name, or the number of a photograph that lends its own. */
  app.setFill = (fill) => {
    const lender = app.photographs.get(Number(fill));
    app.fill = lender ? "given" : fill;
    if (lender) Object.assign(app, { lender: lender.number, given: lender.sight.seen });
    if (fill === "patch" && !app.source) app.useTool("source");
    app.regionChanged(true);
  };
  app.setSource = (place) => {
    app.source = place;
    app.tool = "brush";
    const covered = app.region?.box();
    if (!covered) {
      app.say("Now paint over what is to be covered.");
      app.changed();
      return;
    }
    const { left, top, right, bottom } = covered;
    copyTo({ u: (left + right) / 2 / app.region.size, v: (top + bottom) / 2 / app.region.size });
    app.say("What is covered shows that place now.");
    app.regionChanged(true);
  };
  const copyTo = ({ u, v }) => {
    app.offset = [app.source.u - u, app.source.v - v].map((part) =>
      Math.round(part * app.region.size),
    );
  };
  /** Before a stroke that starts at a place; false where it cannot begin. */
  app.beginPainting = ({ u, v }) => {
    if (app.fill === "patch" && !app.source) return false;
    if (app.fill === "patch" && app.region.isEmpty()) copyTo({ u, v });
    app.say("");
    app.region.begin();
    return true;
  };
  for (const name of ["undo", "redo", "reset"]) {
    app[name] = () => {
      if (!app.region?.[name]()) return;
      app.regionChanged(true);
      app.say(app.region.isEmpty() ? "Nothing is covered." : "");
    };
  }
}
