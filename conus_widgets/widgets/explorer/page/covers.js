// Covers: what covered pixels show; and the tools that cover.

import { coverPixels, coverRaster } from "./scene.js";

const COLOUR = [200, 180, 160]; // a pale shell

/** What the pointer does: "look", "brush", "rectangle", "erase", or "source": of a patch. */
export function addTools(app) {
  app.tool = "look";
  app.brush = 14; // CSS pixels
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
}

export function addCovers(app) {
  app.fill = "mean"; // a cover's name, "colour", or "given": another photograph
  app.colour = COLOUR;
  app.offset = [0, 0]; // of a patch, in the network's pixels
  app.source = null; // where it is copied from
  app.lender = 0; // the number of the other photograph, if it is on the page
  app.given = null; // its pixels
  addDrawnCover(app);
  addPatch(app);

  app.coverMessage = () => {
    const { fill, colour, offset, lender } = app;
    return { fill: fill === "colour" ? colour : fill, offset, lender };
  };
  /** Photographs whose pixels can be painted over the one that is shown. */
  app.lenders = () =>
    [...app.photographs.values()].filter(
      ({ number, sight }) =>
        sight && (number !== app.pane().choice.photograph || number === app.lender),
    );
  /** A cover's name, or the number of a photograph that lends its own pixels. */
  app.setFill = (fill) => {
    const lender = app.photographs.get(Number(fill));
    app.fill = lender ? "given" : fill;
    if (lender) Object.assign(app, { lender: lender.number, given: lender.sight.seen });
    if (fill === "patch" && !app.source) app.useTool("source");
    app.areaChanged(true);
  };
  app.setColour = (colour) => {
    app.colour = colour;
    app.areaChanged(true);
  };
  /** A cover that came from Python, or from another page. */
  app.takeCover = (fill, offset, given) => {
    const colour = Array.isArray(fill);
    Object.assign(app, { fill: colour ? "colour" : fill, offset, lender: 0 });
    if (colour) app.colour = fill;
    if (given) app.given = given;
    app.redrawCover();
  };
}

/** The covered pixels as a picture, made once for each change. */
function addDrawnCover(app) {
  const canvas = document.createElement("canvas");
  let raster = null;
  let behind = { of: [], pixels: null }; // what covered pixels show, and what it was made of
  app.redrawCover = () => (raster = null);
  app.cover = () => {
    const sight = app.sight();
    if (!sight || !app.isCovered()) return null;
    return (raster ??= coverRaster(app.area, pixelsBehind(sight), canvas));
  };
  const pixelsBehind = ({ seen, blurred, noise }) => {
    const { fill, offset, given, colour, network } = app;
    const of = [fill, ...offset, given, colour, seen];
    if (of.some((one, i) => one !== behind.of[i])) {
      const flat = { mean: network.mean, black: [0, 0, 0], colour }[fill];
      const source = { patch: seen, blur: blurred, noise, given }[fill];
      const shift = fill === "patch" ? offset : [0, 0];
      behind = { of, pixels: coverPixels(app.area.size, { flat, source, shift }) };
    }
    return behind.pixels;
  };
}

/** A patch is copied from a place that is clicked. */
function addPatch(app) {
  app.setSource = (place) => {
    app.source = place;
    app.tool = "brush";
    const covered = app.area?.box();
    if (!covered) {
      app.say("Now paint over what is to be covered.");
      app.changed();
      return;
    }
    const { left, top, right, bottom } = covered;
    copyTo({ u: (left + right) / 2 / app.area.size, v: (top + bottom) / 2 / app.area.size });
    app.say("What is covered shows that place now.");
    app.areaChanged(true);
  };
  const copyTo = ({ u, v }) => {
    const parts = [app.source.u - u, app.source.v - v];
    app.offset = parts.map((part) => Math.round(part * app.area.size));
  };
  /** Before a stroke: a patch needs its source, and its first stroke says how far away that is. */
  app.coverIsReady = (place) => {
    if (app.fill !== "patch") return true;
    if (!app.source) return false;
    if (app.area.isEmpty()) copyTo(place);
    return true;
  };
}
