// The tools: what the pointer does, and what covers.

import { make, set } from "../../live/page/elements.js";
import { makeButton, makeMenu, makeSlider } from "./menus.js";

const TOOLS = [
  ["look", "Look", "Point at cells, click to pin them, drag to move a zoomed photograph"],
  ["brush", "Brush", "Cover what you paint over; the bars follow"],
  ["rectangle", "Rectangle", "Cover a rectangle"],
  ["erase", "Erase", "Uncover what you paint over"],
];

/** Both rows of tools. */
export function makeTools(app) {
  const element = make("div", "cx-tools", "", { role: "group", "aria-label": "Tools" });
  const rows = ["cx-controls", "cx-controls"].map((name) => make("div", name));
  const [tools, steps, cover] = [makeHands(app), makeSteps(app), makeCoverChoice(app)];
  const size = makeSlider("Size", "Size of the brush", ["2", "40", "1"], app.setBrush);
  rows[0].append(tools.element, steps.element);
  rows[1].append(...cover.elements, size.wrapper);
  element.append(...rows);

  function refresh() {
    set(element, { hidden: !app.sight() });
    for (const part of [tools, steps, cover]) part.refresh();
    const brushing = ["brush", "erase"].includes(app.tool);
    set(size.slider, { value: String(app.brush), disabled: !brushing });
  }
  return { element, refresh };
}

/** What the pointer does. */
function makeHands(app) {
  const element = make("div", "cx-group");
  const buttons = TOOLS.map(([name, text, title]) => {
    const button = makeButton(text, title, () => app.useTool(name));
    element.append(button);
    return [name, button];
  });
  const refresh = () => {
    for (const [name, button] of buttons) {
      const disabled = app.gone() && name !== "look";
      set(button, { "aria-pressed": String(app.tool === name), disabled });
    }
  };
  return { element, refresh };
}

/** Undo, redo, reset. */
function makeSteps(app) {
  const element = make("div", "cx-group");
  const undo = makeButton("Undo", "Ctrl+Z", () => app.undo());
  const redo = makeButton("Redo", "Ctrl+Shift+Z", () => app.redo());
  const reset = makeButton("Reset", "Uncover everything", () => app.reset());
  element.append(undo, redo, reset);
  const refresh = () => {
    set(undo, { disabled: !app.area?.canUndo() || app.gone() });
    set(redo, { disabled: !app.area?.canRedo() || app.gone() });
    set(reset, { disabled: !app.isCovered() || app.gone() });
  };
  return { element, refresh };
}

const hexOf = (colour) =>
  `#${colour.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
const colourOf = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

/** What covered pixels show. */
function makeCoverChoice(app) {
  const fill = makeMenu("Cover with", (value) => app.setFill(value));
  const colour = make("input", "cx-colour", "", { type: "color", "aria-label": "Colour" });
  colour.addEventListener("change", () => app.setColour(colourOf(colour.value)));
  const source = makeButton("Pick source", "Then click where the copied pixels come from", () =>
    app.useTool("source"),
  );
  const refresh = () => {
    const lent = app.lenders().map(({ number, name }) => [number, `pixels of ${name}`]);
    const given = app.given && !app.lender ? [["given", "another photograph"]] : [];
    const options = [...(app.network?.covers ?? []), ["colour", "a colour"], ...lent, ...given];
    fill.show(options, app.fill === "given" && app.lender ? app.lender : app.fill);
    set(fill.select, { disabled: app.gone() });
    set(colour, { hidden: app.fill !== "colour", value: hexOf(app.colour), disabled: app.gone() });
    set(source, { hidden: app.fill !== "patch", "aria-pressed": String(app.tool === "source") });
  };
  return { elements: [fill.wrapper, colour, source], refresh };
}
