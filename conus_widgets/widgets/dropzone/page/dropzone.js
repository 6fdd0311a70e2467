// The drop zone by itself: a list of what has arrived.

import { make } from "../../live/page/elements.js";
import { startPage } from "../../live/page/start.js";
import { sendFiles, settingsOf } from "./sending.js";
import { makeZone } from "./zone.js";

const STATES = { preparing: "is being read", sending: "is being sent", sent: "has arrived" };

const render = (view) =>
  startPage(view, "cw-dropzone", ({ root, model, line }) => {
    const status = make("div", "cw-status", "", { role: "status" });
    const list = make("ul", "cw-files", "", { "aria-label": "Photographs" });
    const rows = new Map();
    const show = ({ upload, name, state, note, error }) => {
      if (!rows.has(upload)) {
        const row = make("li");
        row.append(make("span", "cw-name"), " ", make("span", "cw-note"));
        rows.set(upload, row);
        list.append(row);
      }
      const [label, remark] = rows.get(upload).children;
      label.textContent = name;
      if (note) remark.textContent = note;
      if (error) remark.textContent = error;
      if (state === "sent" || state === "failed")
        status.textContent = error ?? `${name} ${STATES[state]}`;
    };
    let queue = Promise.resolve();
    const zone = makeZone(root, (files, pasted) => {
      const settings = () => settingsOf(model);
      queue = queue.then(() => sendFiles(line, files, { pasted, settings, show }));
    });
    root.append(zone.element, status, list);
    return { kinds: {}, lost: () => zone.disable(true) };
  });

export default { render };
