// The curve of a training: loss on what is learnt, and on the specimens held out.

import { make } from "../../live/page/elements.js";

const SPACE = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [480, 180, 44, 28];

function piece(tag, attributes, text = "") {
  const element = document.createElementNS(SPACE, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

const places = (points, value, most, last) =>
  points
    .filter((point) => point[value] !== null)
    .map((point) => {
      const x = LEFT + ((WIDTH - LEFT - 8) * point.epoch) / Math.max(1, last);
      const y = 8 + (HEIGHT - BOTTOM - 8) * (1 - point[value] / most);
      return [x, y];
    });

const path = (found) => found.map((place) => place.map((n) => n.toFixed(1)).join(",")).join(" ");

/** In words, for those who do not see the curve. */
function said(points, best) {
  const { right, specimens, held } = best;
  const epochs = points.length - 1;
  return `${epochs} epoch${epochs === 1 ? "" : "s"}. Loss on the specimens held out: ${points[0].held.toFixed(3)} with the last layer alone, least ${held.toFixed(3)} in epoch ${best.epoch}, where ${right} of ${specimens} specimens are right.`;
}

export function makeCurve() {
  const element = make("figure", "cw-curve", "", { hidden: "" });
  const drawing = piece("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const caption = make("figcaption", "cw-note");
  element.append(drawing, caption);

  const draw = (points) => {
    element.hidden = points.length === 0;
    if (!points.length) return;
    const values = points.flatMap(({ loss, held }) => [loss ?? 0, held]);
    const most = Math.max(...values, 1e-6) * 1.05;
    const last = points.at(-1).epoch;
    const best = points.reduce((one, other) => (other.held < one.held ? other : one));
    const held = places(points, "held", most, last);
    const learnt = places(points, "loss", most, last);
    const kept = held[best.epoch];
    const floor = HEIGHT - BOTTOM;
    const text = said(points, best);
    drawing.setAttribute("aria-label", text);
    drawing.replaceChildren(
      piece("path", { class: "cw-axis", d: `M${LEFT},8 V${floor} H${WIDTH - 8}` }),
      piece("text", { x: LEFT - 6, y: 16, "text-anchor": "end" }, most.toFixed(2)),
      piece("text", { x: LEFT - 6, y: floor, "text-anchor": "end" }, "0"),
      piece("text", { x: WIDTH - 8, y: HEIGHT - 8, "text-anchor": "end" }, `epoch ${last}`),
      piece("polyline", { class: "cw-learnt", points: path(learnt) }),
      piece("polyline", { class: "cw-line", points: path(held) }),
      piece("circle", { class: "cw-best", cx: kept[0], cy: kept[1], r: 5 }),
    );
    caption.textContent = `Dashed: loss on what is learnt. Line: on specimens held out. Ring: what is kept. ${text}`;
  };
  return { element, draw };
}
