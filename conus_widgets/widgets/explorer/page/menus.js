// Menus and buttons.

import { make, set } from "../../live/page/elements.js";

/** A labelled menu. `show([[value, text], ...], value)` shows a value without telling of a choice. */
export function makeMenu(label, chosen) {
  const wrapper = make("label", "cw-control");
  const select = make("select", "", "", { "aria-label": label });
  wrapper.append(make("span", "", label), select);
  select.addEventListener("change", () => chosen(select.value));
  let drawn = "";
  return {
    wrapper,
    select,
    show(options, value) {
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

export const makeButton = (text, title, press) => {
  const button = make("button", "cw-button", text, { type: "button", title });
  button.addEventListener("click", press);
  return button;
};

/** A labelled slider. */
export function makeSlider(label, name, [min, max, step], chosen) {
  const wrapper = make("label", "cw-control cx-slide");
  const slider = make("input", "", "", { type: "range", min, max, step, "aria-label": name });
  slider.addEventListener("input", () => chosen(Number(slider.value)));
  wrapper.append(make("span", "", label), slider);
  return { wrapper, slider };
}

/** A line of Python that can be read, and copied by a button. */
export function makeLine(label, name, say) {
  const line = make("input", "cw-text cx-python", "", {
    readonly: "",
    "aria-label": label,
    title: label,
  });
  const copy = makeButton("Copy", "Copy this line", () => {
    line.select();
    navigator.clipboard?.writeText(line.value).then(
      () => say("Copied."),
      () => document.execCommand("copy"),
    );
  });
  copy.setAttribute("aria-label", name);
  return { line, copy };
}
