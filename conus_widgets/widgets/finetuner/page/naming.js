// The name of a box: what stands in its field, and which name the kernel has.

import { make, set } from "../../live/page/elements.js";
import { isolated } from "../../live/page/words.js";

/**
 * `ask(name)` asks the kernel for another name; it resolves to the reason of a refusal, or "". After a
 * refusal the name that holds stands in the field again, and the reason below it.
 */
export function makeName(ask) {
  const label = make("label", "", "Class");
  const input = make("input", "cw-text", "", { type: "text", maxlength: "100" });
  label.append(input);
  const id = `cw-${Math.random().toString(36).slice(2)}`;
  const problem = make("p", "cw-error", "", { id, role: "alert", hidden: "" });
  input.setAttribute("aria-describedby", id);
  let holds = "";
  let asked = null; // until the kernel answers

  const say = (text) => set(problem, { textContent: text, hidden: !text });
  const rename = async () => {
    const wanted = input.value;
    if (wanted === (asked ?? holds)) return;
    asked = wanted;
    const reason = await ask(wanted);
    if (asked !== wanted) return; // another one was asked for meanwhile
    asked = null;
    if (input.value === wanted) input.value = holds; // as the kernel writes it
    say(reason && `${reason} This box is still called \u2018${isolated(holds)}\u2019.`);
  };
  input.addEventListener("change", rename);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) rename(); // a notebook's page keeps "change" back
  });
  input.addEventListener("input", () => say(""));

  /** The name that the kernel has. What is being written stays. */
  const show = (name) => {
    const written = input.value !== holds;
    holds = name;
    set(input, { title: name });
    if (asked === null && !(written && input.matches(":focus"))) input.value = name;
  };
  return { label, problem, show };
}
