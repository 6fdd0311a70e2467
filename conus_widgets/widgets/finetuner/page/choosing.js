// The photographs of a box that are ticked, and what is done with them.

import { make, set } from "../../live/page/elements.js";

/** Each part of a count: "1 photograph", "3 specimens". */
export const count = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;

/**
 * `act(kind, keys)` is called with "join" or "part", and with the chosen photographs. The element stands
 * below the photographs: above them it would push them away under the pointer that ticks.
 */
export function makeChoosing(act) {
  const element = make("div", "cw-chosen", "", {
    role: "group",
    "aria-label": "Chosen photographs",
    hidden: "",
  });
  const note = make("span", "cw-note");
  const chosen = new Map(); // key -> its field to tick
  element.append(note);
  const settle = () => {
    set(note, { textContent: `${count(chosen.size, "photograph")} chosen:` });
    set(element, { hidden: chosen.size === 0 });
  };
  for (const [kind, text] of [
    ["join", "They show one specimen"],
    ["part", "Each shows its own"],
  ]) {
    const button = make("button", "cw-button", text, { type: "button" });
    button.addEventListener("click", () => {
      const [keys, fields] = [[...chosen.keys()], [...chosen.values()]];
      chosen.clear();
      for (const field of fields) field.checked = false;
      fields[0].focus({ preventScroll: true }); // the button goes away
      settle();
      act(kind, keys);
    });
    element.append(button);
  }
  return {
    element,
    follow(key, field) {
      field.addEventListener("change", () => {
        if (field.checked) chosen.set(key, field);
        else chosen.delete(key);
        settle();
      });
    },
    forget(key) {
      chosen.delete(key);
      settle();
    },
  };
}
