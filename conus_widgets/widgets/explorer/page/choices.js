// The choices above the photograph: which photograph, method and layer.

import { make, set } from "../../live/page/elements.js";
import { makeButton, makeMenu } from "./menus.js";

/** "res4f, 14 × 14, with gaps" */
const layerText = ({ name, cells, gaps }) => [
  name,
  `${name}${cells ? `, ${cells} \u00d7 ${cells}` : ""}${gaps ? ", with gaps" : ""}`,
];

/** What is shown: photograph, method, layer, maps side by side. */
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
    photograph.show(listed, choice.photograph);
    set(photograph.wrapper, { hidden: listed.length < 2 });
    const methods = app.network?.methods ?? [];
    method.show(
      methods.map(({ name, label }) => [name, label]),
      choice.method,
    );
    const layered = methods.find(({ name }) => name === choice.method)?.layered;
    set(layer.wrapper, { hidden: !layered });
    const layers = app.network?.layers ?? [];
    layer.show(layers.map(layerText), choice.layer ?? app.network?.finer);
    for (const menu of [method, layer]) set(menu.select, { disabled: !ready || app.gone() });
    set(beside, { disabled: !ready || app.gone() || app.panes.length >= app.most });
    set(add, { disabled: app.gone() });
    set(element, { hidden: app.photographs.size === 0 });
  }
  return { element, refresh };
}
