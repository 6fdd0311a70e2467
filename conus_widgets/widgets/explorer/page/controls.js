// Menus and buttons around the photograph.

import { make, set, whenNews } from "../../live/page/elements.js";
import { AGAINST, FOR, ticksOf } from "./colours.js";
import { signedText } from "./numbers.js";

/** A labelled menu. `fill` takes [[value, text], ...]; `follow` shows a value without telling. */
function makeMenu(label, chosen) {
  const wrapper = make("label", "cw-control");
  const select = make("select", "", "", { "aria-label": label });
  wrapper.append(make("span", "", label), select);
  select.addEventListener("change", () => chosen(select.value));
  let drawn = "";
  return {
    wrapper,
    select,
    follow(options, value) {
      const now = JSON.stringify(options);
      if (now !== drawn)
        select.replaceChildren(
          ...options.map(([key, text]) => make("option", "", text, { value: key })),
        );
      drawn = now;
      set(select, { value: String(value ?? "") });
    },
  };
}

const makeButton = (text, title, press) => {
  const button = make("button", "cw-button", text, { type: "button", title });
  button.addEventListener("click", press);
  return button;
};

/** "res4f, 14 × 14, with gaps" */
const layerText = ({ name, cells, gaps }) => [
  name,
  `${name}${cells ? `, ${cells} \u00d7 ${cells}` : ""}${gaps ? ", with gaps" : ""}`,
];

/** What is looked at: photograph, method, layer, maps side by side. */
export function makeChoices(app, addPhotographs) {
  const element = make("div", "cx-controls", "", { role: "group", "aria-label": "What is shown" });
  const photograph = makeMenu("Photograph", (value) =>
    app.choose(app.active, { photograph: Number(value) }),
  );
  const method = makeMenu("Method", (value) => app.choose(app.active, { method: value }));
  const layer = makeMenu("Layer", (value) => app.choose(app.active, { layer: value }));
  const beside = makeButton("Map beside", "One more map under the same scale, up to four", () =>
    app.addPane(),
  );
  const add = makeButton("Add photograph", "Drop, choose or paste one", addPhotographs);
  const more = make("div", "cx-pair");
  more.append(beside, add);
  element.append(photograph.wrapper, method.wrapper, layer.wrapper, more);

  function refresh() {
    const { choice } = app.pane();
    const ready = Boolean(app.sight());
    const listed = [...app.photographs.values()].map(({ number, name }) => [number, name]);
    photograph.follow(listed, choice.photograph);
    set(photograph.wrapper, { hidden: listed.length < 2 });
    const methods = app.network?.methods ?? [];
    method.follow(
      methods.map(({ name, label }) => [name, label]),
      choice.method,
    );
    const layered = methods.find(({ name }) => name === choice.method)?.layered;
    set(layer.wrapper, { hidden: !layered });
    const layers = app.network?.layers ?? [];
    layer.follow(layers.map(layerText), choice.layer ?? app.network?.finer);
    for (const menu of [method, layer]) set(menu.select, { disabled: !ready || app.gone() });
    set(beside, { disabled: !ready || app.gone() || app.panes.length >= app.most });
    set(add, { disabled: app.gone() });
    set(element, { hidden: app.photographs.size === 0 });
  }
  return { element, refresh };
}

const TOOLS = [
  ["look", "Look", "Point at cells, click to pin them, drag to move a zoomed photograph"],
  ["brush", "Brush", "Cover what you paint over; the bars follow"],
  ["rectangle", "Rectangle", "Cover a rectangle"],
  ["erase", "Erase", "Uncover what you paint over"],
];
const FILLS = [
  ["black", "black"],
  ["mean", "mean colour"],
  ["blur", "blurred"],
  ["patch", "copied from elsewhere"],
];

/** What the pointer does, and the region. */
export function makeTools(app) {
  const element = make("div", "cx-tools", "", { role: "group", "aria-label": "Tools" });
  const group = make("div", "cx-group");
  const tools = TOOLS.map(([name, text, title]) => {
    const button = makeButton(text, title, () => app.useTool(name));
    group.append(button);
    return [name, button];
  });
  const size = make("input", "", "", {
    type: "range",
    min: "2",
    max: "40",
    step: "1",
    "aria-label": "Size of the brush",
  });
  size.addEventListener("input", () => app.setBrush(Number(size.value)));
  const wide = make("label", "cw-control cx-slide");
  wide.append(make("span", "", "Size"), size);
  const fill = makeMenu("Cover with", (value) => app.setFill(value));
  const source = makeButton("Pick source", "Then click where the copied pixels come from", () =>
    app.useTool("source"),
  );
  const undo = makeButton("Undo", "Ctrl+Z", () => app.undo());
  const redo = makeButton("Redo", "Ctrl+Shift+Z", () => app.redo());
  const reset = makeButton("Reset", "Uncover everything", () => app.reset());
  const rows = ["cx-controls", "cx-controls"].map((name) => make("div", name));
  const steps = make("div", "cx-group");
  steps.append(undo, redo, reset);
  rows[0].append(group, steps);
  rows[1].append(fill.wrapper, source, wide);
  element.append(...rows);

  function refresh() {
    set(element, { hidden: !app.sight() });
    for (const [name, button] of tools) {
      set(button, {
        "aria-pressed": String(app.tool === name),
        disabled: app.gone() && name !== "look",
      });
    }
    set(size, { value: String(app.brush), disabled: !["brush", "erase"].includes(app.tool) });
    const lent = app.lenders().map(({ number, name }) => [number, `pixels of ${name}`]);
    const given = app.given && !app.lender ? [["given", "another photograph"]] : [];
    fill.follow(
      [...FILLS, ...lent, ...given],
      app.fill === "given" && app.lender ? app.lender : app.fill,
    );
    set(source, { hidden: app.fill !== "patch", "aria-pressed": String(app.tool === "source") });
    set(fill.select, { disabled: app.gone() });
    set(undo, { disabled: !app.region?.canUndo() || app.gone() });
    set(redo, { disabled: !app.region?.canRedo() || app.gone() });
    set(reset, { disabled: app.region?.isEmpty() !== false || app.gone() });
  }
  return { element, refresh };
}

const STYLES = [
  ["grey", "colours over grey"],
  ["colours", "colours"],
  ["contours", "contours"],
  ["mask", "soft mask"],
  ["none", "nothing"],
];

/** How the map is drawn, and its scale with the bar. */
export function makeScale(app) {
  const element = make("div", "cx-scale");
  const drawing = make("div", "cx-controls", "", {
    role: "group",
    "aria-label": "How it is drawn",
  });
  const style = makeMenu("Draw", (value) => app.draw({ style: value }));
  const opacity = make("input", "", "", {
    type: "range",
    min: "0",
    max: "100",
    step: "5",
    "aria-label": "Opacity",
  });
  const strength = make("label", "cw-control cx-slide");
  strength.append(make("span", "", "Opacity"), opacity);
  opacity.addEventListener("input", () => app.draw({ opacity: Number(opacity.value) / 100 }));
  const hold = make("input", "", "", { type: "checkbox" });
  const held = make("label", "cw-control", "", {
    title: "Keep this scale when class or method change",
  });
  held.append(hold, make("span", "", "Hold the scale"));
  hold.addEventListener("change", () => app.holdScale(hold.checked));
  const zoom = make("div", "cx-group");
  zoom.append(
    makeButton("\u2212", "Zoom out (\u2212)", () => app.zoom(1 / 1.5)),
    makeButton("+", "Zoom in (+)", () => app.zoom(1.5)),
    makeButton("Fit", "Whole photograph (0)", () => app.zoom(0)),
  );
  drawing.append(style.wrapper, strength, held, zoom);
  const bar = make("div", "cx-legend", "", { role: "img" });
  const ramp = make("div", "cx-ramp");
  const here = make("div", "cx-here");
  const marks = make("div", "cx-marks");
  const words = make("div", "cx-quiet cx-ends");
  ramp.style.background = `linear-gradient(to right, rgb(${AGAINST}), rgba(${AGAINST}, 0) 50%, rgba(${FOR}, 0) 50%, rgb(${FOR})), #777`;
  ramp.append(here);
  bar.append(ramp, marks, words);
  const at = (value, limit) => `${50 + 50 * Math.max(-1, Math.min(1, limit ? value / limit : 0))}%`;
  const label = whenNews((limit, unit) => {
    marks.replaceChildren(
      ...ticksOf(limit).map((tick) => {
        const mark = make(
          "span",
          "",
          tick === 0 ? "0" : signedText(tick, Math.abs(tick) < 0.01 ? "free" : tick % 1 ? 2 : 0),
        );
        mark.style.left = at(tick, limit);
        return mark;
      }),
    );
    const most = limit < 0.005 ? limit.toExponential(1) : limit.toFixed(2);
    words.replaceChildren(
      make("span", "", "\u25c0 speaks against"),
      make(
        "span",
        "",
        !unit ? "" : !limit ? "the same everywhere" : `${unit}, full colour at \u00b1${most}`,
      ),
      make("span", "", "speaks for \u25b6"),
    );
    bar.setAttribute("aria-label", unit ? `Scale from minus ${most} to ${most}, ${unit}` : "Scale");
  });
  element.append(bar, drawing);

  function refresh() {
    set(element, { hidden: !app.sight() });
    style.follow(STYLES, app.style);
    set(opacity, {
      value: String(Math.round(100 * app.opacity)),
      disabled: ["contours", "none"].includes(app.style),
    });
    hold.checked = app.isHeld();
    const { map } = app.pane();
    const limit = map ? app.limitFor(map.unit) : 0;
    const value = app.valueHere();
    set(here, { hidden: value === null });
    if (value !== null) here.style.left = at(value, limit);
    label(limit, map?.unit ?? "");
  }
  return { element, refresh };
}

/** What must be known of the map, and how it leaves the page. */
export function makeTrust(app) {
  const element = make("section", "cx-trust", "", { "aria-label": "Can this map be trusted?" });
  const fails = make("div", "cx-fails");
  const lines = make("div", "cx-lines");
  const python = make("input", "cx-python", "", {
    readonly: "",
    "aria-label": "Python that makes this map again",
  });
  const save = make("div", "cx-controls");
  const copy = makeButton("Copy", "Copy this line", () => {
    python.select();
    navigator.clipboard?.writeText(python.value).then(
      () => app.say("Copied."),
      () => document.execCommand("copy"),
    );
  });
  const files = ["png", "npz"].map((form) =>
    makeButton(form.toUpperCase(), `Save as .${form}`, () => app.save(form)),
  );
  const check = makeButton(
    "Test it now",
    "Shuffle the network's parameters and see if the map changes: about a minute",
    () => app.check(),
  );
  const ways = make("div", "cx-pair");
  ways.append(copy, ...files, check);
  save.append(python, ways);
  element.append(fails, lines, save);
  const write = whenNews((warning, said, action) => {
    fails.textContent = warning;
    lines.replaceChildren(...said.map((text) => make("span", "", text)));
    check.textContent = action;
  });
  function refresh() {
    set(element, { hidden: !app.sight() });
    const { map, choice } = app.pane();
    const method = app.network?.methods.find(({ name }) => name === choice.method);
    const told = map?.trust ?? method?.trust ?? [];
    const texts = (isWanted) => told.filter(({ kind }) => isWanted(kind)).map(({ text }) => text);
    const caveat = texts((kind) => kind === "caveat").join(" ");
    set(fails, { hidden: !caveat });
    const action = app.checking
      ? `Testing: ${Math.round(100 * app.checking.part)} %`
      : "Test it now";
    write(
      caveat,
      texts((kind) => kind !== "caveat"),
      action,
    );
    set(check, {
      hidden: !map?.untested && app.checking === null,
      disabled: app.gone() || app.checking !== null,
    });
    set(python, { value: map?.python ?? "" });
    for (const button of [copy, ...files]) set(button, { disabled: !map?.python || app.gone() });
  }
  return { element, refresh };
}
