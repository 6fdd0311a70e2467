// The legend: the scale of the maps, and how they are drawn.

import { make, set, whenNews } from "../../live/page/elements.js";
import { signedText } from "../../live/page/words.js";
import { AGAINST, FOR, ticksOf } from "./colours.js";
import { makeButton, makeMenu, makeSlider } from "./menus.js";

const STYLES = [
  ["grey", "colours over grey"],
  ["colours", "colours"],
  ["contours", "contours"],
  ["mask", "soft mask"],
  ["none", "nothing"],
];

/** The bar, and the controls below it. */
export function makeScale(app) {
  const element = make("div", "cx-scale");
  const parts = [makeBar(app), makeDrawingChoice(app)];
  element.append(...parts.map((part) => part.element));
  const refresh = () => {
    set(element, { hidden: !app.sight() });
    for (const part of parts) part.refresh();
  };
  return { element, refresh };
}

/** How maps are drawn. */
function makeDrawingChoice(app) {
  const element = make("div", "cx-controls", "", {
    role: "group",
    "aria-label": "How it is drawn",
  });
  const style = makeMenu("Draw", (value) => app.draw({ style: value }));
  const opacity = makeSlider("Opacity", "Opacity", ["0", "100", "5"], (value) =>
    app.draw({ opacity: value / 100 }),
  );
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
  element.append(style.wrapper, opacity.wrapper, held, zoom);
  const refresh = () => {
    style.show(STYLES, app.style);
    set(opacity.slider, {
      value: String(Math.round(100 * app.opacity)),
      disabled: ["contours", "none"].includes(app.style),
    });
    hold.checked = app.isHeld();
  };
  return { element, refresh };
}

const placeOn = (value, limit) =>
  `${50 + 50 * Math.max(-1, Math.min(1, limit ? value / limit : 0))}%`;

function markOf(tick, limit) {
  const digits = Math.abs(tick) < 0.01 ? "free" : tick % 1 ? 2 : 0;
  const mark = make("span", "", tick === 0 ? "0" : signedText(tick, digits));
  mark.style.left = placeOn(tick, limit);
  return mark;
}

/** From blue to orange: one scale for all maps of a unit, and the value under the pointer. */
function makeBar(app) {
  const element = make("div", "cx-legend", "", { role: "img" });
  const [ramp, here] = [make("div", "cx-ramp"), make("div", "cx-here")];
  const [marks, words] = [make("div", "cx-marks"), make("div", "cx-quiet cx-ends")];
  ramp.style.background = `linear-gradient(to right, rgb(${AGAINST}), rgba(${AGAINST}, 0) 50%, rgba(${FOR}, 0) 50%, rgb(${FOR})), #777`;
  ramp.append(here);
  element.append(ramp, marks, words);
  const label = whenNews((limit, unit) => {
    marks.replaceChildren(...ticksOf(limit).map((tick) => markOf(tick, limit)));
    const most = limit < 0.005 ? limit.toExponential(1) : limit.toFixed(2);
    const full = limit ? `${unit}, full colour at \u00b1${most}` : "the same everywhere";
    const texts = ["\u25c0 speaks against", unit && full, "speaks for \u25b6"];
    words.replaceChildren(...texts.map((text) => make("span", "", text)));
    const spoken = unit ? `Scale from minus ${most} to ${most}, ${unit}` : "Scale";
    element.setAttribute("aria-label", spoken);
  });
  const refresh = () => {
    const { map } = app.pane();
    const limit = map ? app.limitFor(map.unit) : 0;
    const value = app.valueHere();
    set(here, { hidden: value === null });
    if (value !== null) here.style.left = placeOn(value, limit);
    label(limit, map?.unit ?? "");
  };
  return { element, refresh };
}
