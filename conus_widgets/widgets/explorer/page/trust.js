// Trust: what must be known of the map, and how it leaves the page.

import { make, set, whenNews } from "../../live/page/elements.js";
import { makeButton, makeLine } from "./menus.js";

export function makeTrust(app) {
  const element = make("section", "cx-trust", "", { "aria-label": "Can this map be trusted?" });
  const [said, leaving] = [makeSentences(app), makeLeaving(app)];
  element.append(...said.elements, leaving.element);
  const refresh = () => {
    set(element, { hidden: !app.sight() });
    said.refresh();
    leaving.refresh();
  };
  return { element, refresh };
}

/** The sentences about the map; first of all why it must not be trusted. */
function makeSentences(app) {
  const [fails, lines] = [make("div", "cx-fails"), make("div", "cx-lines")];
  const write = whenNews((caveat, texts) => {
    fails.textContent = caveat;
    lines.replaceChildren(...texts.map((text) => make("span", "", text)));
  });
  const refresh = () => {
    const { map, choice } = app.pane();
    const method = app.network?.methods.find(({ name }) => name === choice.method);
    const told = map?.trust ?? method?.trust ?? [];
    const textsOf = (list) => list.map(({ text }) => text);
    const caveat = textsOf(told.filter(({ kind }) => kind === "caveat")).join(" ");
    set(fails, { hidden: !caveat });
    write(caveat, textsOf(told.filter(({ kind }) => kind !== "caveat")));
  };
  return { elements: [fails, lines], refresh };
}

/** The line of Python, files, and the randomisation test. */
function makeLeaving(app) {
  const element = make("div", "cx-controls");
  const python = makeLine("Python that makes this map again", "Copy", app.say);
  const files = ["png", "npz"].map((form) =>
    makeButton(form.toUpperCase(), `Save as .${form}`, () => app.save(form)),
  );
  const test = makeButton(
    "Test it now",
    "Shuffle the network's parameters and see if the map changes: about a minute",
    () => app.test(),
  );
  const ways = make("div", "cx-pair");
  ways.append(python.copy, ...files, test);
  element.append(python.line, ways);
  const refresh = () => {
    const { map } = app.pane();
    const { testing } = app;
    set(test, {
      textContent: testing ? `Testing: ${Math.round(100 * testing.part)} %` : "Test it now",
      hidden: !map?.untested && testing === null,
      disabled: app.gone() || testing !== null,
    });
    set(python.line, { value: map?.python ?? "" });
    for (const button of [python.copy, ...files])
      set(button, { disabled: !map?.python || app.gone() });
  };
  return { element, refresh };
}
