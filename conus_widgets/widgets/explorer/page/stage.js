// The maps side by side.

import { make, set } from "../../live/page/elements.js";
import { drawFrame, makeFrame } from "./frame.js";
import { onKey } from "./keys.js";
import { makePointer } from "./pointer.js";

export function makeStage(app) {
  const element = make("div", "cx-stage");
  const frames = [];
  const canvasOf = (index) => frames[index].canvas;
  const pointer = makePointer(app, canvasOf);

  /** As many frames as maps; a map that was chosen a moment ago may be asked for before it is drawn. */
  function match() {
    while (frames.length < app.panes.length) {
      const index = frames.length;
      const frame = makeFrame(app, index);
      frames.push(frame);
      frame.canvas.addEventListener("keydown", (event) => onKey(app, event, index));
      pointer.listen(index);
      element.append(frame.element);
    }
    while (frames.length > app.panes.length) frames.pop().element.remove();
  }

  return {
    element,
    sizeOf(index) {
      match();
      return { width: canvasOf(index).clientWidth, height: canvasOf(index).clientHeight };
    },
    isPainting: pointer.isPainting,
    stop: pointer.stop,
    refresh() {
      match();
      element.dataset.count = String(frames.length);
      set(element, { hidden: app.photographs.size === 0 });
      for (const [index, frame] of frames.entries()) drawFrame(app, frame, index, pointer.hover());
    },
  };
}
