// Labelled controls that are bound to a trait: either side may set it.

import { make } from "./elements.js";

const write = ({ model }, trait, value) => {
  model.set(trait, value);
  model.save_changes();
};

/** A menu; `parse` makes the trait's value of an option's text. `fill` takes [[value, text]]. */
export function boundMenu(page, trait, label, parse) {
  const select = make("select");
  const element = make("label", "cw-control");
  element.append(make("span", "", label), select);
  const show = () => (select.value = String(page.model.get(trait) ?? ""));
  select.addEventListener("change", () => write(page, trait, parse(select.value)));
  page.follow(trait, show);
  const fill = (options) => {
    select.replaceChildren(...options.map(([value, text]) => make("option", "", text, { value })));
    show();
  };
  return { element, fill };
}

/** A box to tick. */
export function boundBox(page, trait, label, title) {
  const box = make("input", "", "", { type: "checkbox" });
  const element = make("label", "cw-control", "", { title });
  element.append(box, make("span", "", label));
  box.addEventListener("change", () => write(page, trait, box.checked));
  page.follow(trait, () => (box.checked = page.model.get(trait)));
  return element;
}
