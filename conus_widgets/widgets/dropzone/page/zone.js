// The place where photographs are dropped, as a piece of page.

import { make } from "../../live/page/elements.js";

/** A camera is offered if the pointer is a finger: a telephone or a tablet. */
export const cameraIsUseful = (match) => match("(pointer: coarse)").matches;

/**
 * Makes the zone. `take(files, pasted)` gets what the user gives. Dropping and pasting work anywhere
 * in `root`, so that a drop beside the zone does not make the browser leave the notebook.
 */
export function makeZone(root, take) {
  const zone = make("div", "cw-zone", "", { role: "group", "aria-label": "Add photographs" });
  const input = make("input", "", "", { type: "file", multiple: "", tabindex: "-1", hidden: "" });
  input.accept = "image/*,.heic,.heif,.tif,.tiff";
  const camera = make("input", "", "", {
    type: "file",
    accept: "image/*",
    tabindex: "-1",
    hidden: "",
  });
  camera.setAttribute("capture", "environment");
  const choose = make("button", "cw-button cw-primary", "Choose photographs", { type: "button" });
  const photo = make("button", "cw-button", "Take a photo", { type: "button" });
  photo.hidden = !cameraIsUseful((query) => window.matchMedia(query));
  const buttons = make("div", "cw-buttons");
  buttons.append(choose, photo);
  zone.append(
    make("p", "cw-invitation", "Drop photographs of shells here"),
    buttons,
    make("p", "cw-hint", "or click here and paste with Ctrl\u2009+\u2009V (\u2318\u2009V)"),
    input,
    camera,
  );

  let disabled = false;
  const give = (files, pasted = false) => !disabled && files.length && take([...files], pasted);
  choose.addEventListener("click", () => input.click());
  photo.addEventListener("click", () => camera.click());
  for (const source of [input, camera]) {
    source.addEventListener("change", () => {
      give(source.files);
      source.value = ""; // so that the same file can be chosen again
    });
  }

  let depth = 0; // dragenter and dragleave come for every child as well
  const isFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const over = (step) => {
    depth = step === 0 ? 0 : Math.max(0, depth + step);
    zone.classList.toggle("cw-over", depth > 0 && !disabled);
  };
  const onDrag = (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type === "dragenter") over(1);
    if (event.type === "dragleave") over(-1);
    if (event.type === "dragover") event.dataTransfer.dropEffect = disabled ? "none" : "copy";
    if (event.type === "drop") {
      over(0);
      give(event.dataTransfer.files);
    }
  };
  for (const type of ["dragenter", "dragover", "dragleave", "drop"])
    root.addEventListener(type, onDrag);
  root.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    give(files, true);
  });

  return {
    element: zone,
    focus: () => choose.focus(),
    disable(state) {
      disabled = state;
      zone.classList.toggle("cw-disabled", state);
      for (const button of [choose, photo]) button.disabled = state;
    },
  };
}
