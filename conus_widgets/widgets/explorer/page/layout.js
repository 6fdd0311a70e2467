// The layout: photographs on the left, numbers on the right; or all in one column.

import { make } from "../../live/page/elements.js";
import { makeChoices } from "./choices.js";
import { makeClasses } from "./classes.js";
import { makeScale } from "./legend.js";
import { makePins, makeReadout, makeSum } from "./tables.js";
import { makeTools } from "./tools.js";
import { makeTrust } from "./trust.js";

/** `strip`: the element that says what happens, below the maps. */
export function makeLayout(app, stage, strip, addPhotographs) {
  const element = make("div", "cx-main");
  const [left, right] = [make("div", "cx-left"), make("div", "cx-right")];
  const [choices, tools] = [makeChoices(app, addPhotographs), makeTools(app)];
  const [scale, trust, classes] = [makeScale(app), makeTrust(app), makeClasses(app)];
  const cards = [classes, makeReadout(app), makeSum(app), makePins(app)];
  left.append(choices.element, tools.element, stage.element, strip, scale.element, trust.element);
  right.append(...cards.map((card) => card.element));
  element.append(left, right);
  const parts = [choices, stage, scale, tools, trust, ...cards];

  /**
   * In one column the list follows the photograph at once, and is read after it; scale and trust come
   * after the list.
   */
  function arrange() {
    const single = getComputedStyle(element).getPropertyValue("--cx-columns").trim() === "1";
    if (single === right.contains(scale.element)) return;
    const moved = [scale.element, trust.element];
    const focused = document.activeElement;
    if (single) classes.element.after(...moved);
    else left.append(...moved);
    // What is moved loses the focus.
    if (moved.some((one) => one.contains(focused))) focused.focus({ preventScroll: true });
  }

  return { element, arrange, refresh: () => parts.forEach((part) => part.refresh()) };
}
