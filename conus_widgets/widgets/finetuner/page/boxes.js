// The boxes of photographs.

import { make, set } from "../../live/page/elements.js";
import { makeZone } from "../../dropzone/page/zone.js";
import { count, makeChoosing } from "./choosing.js";
import { makeName } from "./naming.js";
import { watchSight } from "./sight.js";

/**
 * `root` is the page; `tell` speaks to the kernel; `ask` too, and resolves to the reason of a refusal; `send(files, place,
 * pasted)` sends files into a box; `pictures` are the thumbnails.
 */
export function makeBoxes({ root, tell, ask, send, pictures }) {
  const element = make("div", "cw-boxes");
  const drawn = new Map(); // number of a box -> its pieces
  const sight = watchSight(pictures);

  const makePhotograph = (key, choosing) => {
    const row = make("li", "cw-held");
    const box = make("input", "", "", { type: "checkbox" });
    const label = make("label", "cw-pick");
    const frame = make("span", "cw-thumb");
    const name = make("span", "cw-name");
    const specimen = make("span", "cw-note");
    const problem = make("span", "cw-error", "", { hidden: "" });
    label.append(box, frame, name, " ", specimen, " ", problem);
    const remove = make("button", "cw-remove", "\u00d7", { type: "button" });
    choosing.follow(key, box);
    remove.addEventListener("click", () => {
      row.closest(".cw-box").querySelector("input").focus({ preventScroll: true });
      tell("discard", { key });
    });
    row.append(label, remove);
    sight.add(row, key, (picture) => {
      // Not an image without a source: browsers draw that as a broken one.
      frame.replaceChildren(
        ...(picture?.url ? [make("img", "", "", { alt: "", src: picture.url })] : []),
      );
      // What is wrong with it is true out of sight, too.
      if (picture) set(problem, { textContent: picture.problem, hidden: !picture.problem });
    });
    return { row, name, specimen, remove };
  };

  const makeBox = (number) => {
    const section = make("section", "cw-box");
    const name = makeName((wanted) => ask("rename", { box: number, name: wanted }));
    const remove = make("button", "cw-remove", "\u00d7", { type: "button" });
    const total = make("p", "cw-note");
    const list = make("ul", "cw-photographs");
    const zone = makeZone(section, (files, pasted) => send(files, { box: number }, pasted));
    const head = make("div", "cw-head");
    head.append(name.label, remove);
    const choosing = makeChoosing((kind, keys) => tell(kind, { keys }));
    section.append(head, name.problem, zone.element, total, list, choosing.element);
    remove.addEventListener("click", () => tell("remove", { box: number }));
    return { section, name, remove, total, list, zone, choosing, rows: new Map() };
  };

  /** Whoever stands in what goes away, also if it is taken away elsewhere, goes on nearby. */
  const leave = (going, next) => {
    if (going?.contains(document.activeElement)) next?.focus({ preventScroll: true });
  };
  const forget = (box, key) => {
    const row = box.rows.get(key)?.row;
    leave(row, box.section.querySelector("input"));
    if (row) sight.remove(row);
    row?.remove();
    box.rows.delete(key);
    box.choosing.forget(key);
  };
  const discard = (number) => {
    const box = drawn.get(number);
    if (!box) return;
    const near = box.section.nextElementSibling ?? box.section.previousElementSibling;
    leave(box.section, near?.querySelector("input") ?? root.querySelector("input"));
    for (const key of box.rows.keys()) forget(box, key);
    box.section.remove();
    drawn.delete(number);
  };
  const drawPhotograph = (box, { key, name, specimen }) => {
    if (!box.rows.has(key)) {
      box.rows.set(key, makePhotograph(key, box.choosing));
      box.list.append(box.rows.get(key).row);
    }
    const row = box.rows.get(key);
    set(row.name, { textContent: name, title: name });
    set(row.specimen, { textContent: `specimen ${specimen}` });
    set(row.remove, { "aria-label": `Remove ${name}` });
  };
  const drawBox = ({ box: number, name, photographs, gone, specimens }) => {
    if (!drawn.has(number)) {
      drawn.set(number, makeBox(number));
      element.append(drawn.get(number).section);
    }
    const box = drawn.get(number);
    box.name.show(name);
    set(box.section, { "aria-label": `Box ${name}` });
    set(box.zone.element, { "aria-label": `Add photographs of ${name}` });
    set(box.remove, { "aria-label": `Remove the box ${name}` });
    for (const key of gone) forget(box, key);
    for (const photograph of photographs) drawPhotograph(box, photograph);
    const said = `${count(box.rows.size, "photograph")}, ${count(specimens, "specimen")}`;
    set(box.total, { textContent: said });
  };

  /** What changed: of a box that was removed the kernel tells no name. */
  const change = (boxes) => {
    for (const one of boxes)
      if (one.name === undefined) discard(one.box);
      else drawBox(one);
  };
  /** All of it, in place of what stands there. */
  const draw = (boxes) => {
    const now = new Set(boxes.map(({ box }) => box));
    for (const number of drawn.keys()) if (!now.has(number)) discard(number);
    for (const { box: number, photographs } of boxes) {
      const box = drawn.get(number);
      const keys = new Set(photographs.map(({ key }) => key));
      for (const key of box?.rows.keys() ?? []) if (!keys.has(key)) forget(box, key);
    }
    change(boxes);
  };
  const disable = () => {
    for (const { zone } of drawn.values()) zone.disable(true);
  };
  const any = () => drawn.size > 0;
  return { element, draw, change, disable, any, close: sight.close };
}
