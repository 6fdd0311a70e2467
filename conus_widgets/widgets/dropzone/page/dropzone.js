// The drop zone by itself: a list of what has arrived.

import { openLine } from "../../live/page/connection.js";
import { sendFiles } from "./sending.js";
import { make } from "../../live/page/elements.js";
import { makeZone } from "./zone.js";
import { isAlive, showDead } from "../../live/page/saved.js";

const STATES = { preparing: "is being read", sending: "is being sent", sent: "has arrived" };

function render({ model, el }) {
  if (!isAlive(el)) return showDead(el);
  const root = make("div", "cw-root");
  const warning = make("div", "cw-warning", "", { role: "alert", hidden: "" });
  const status = make("div", "cw-status", "", { role: "status" });
  const list = make("ul", "cw-files", "", { "aria-label": "Photographs" });
  const line = openLine(model, el, {
    listen: () => {},
    say(text, gone) {
      warning.textContent = text;
      warning.hidden = !text;
      zone.disable(gone);
    },
  });
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
  const settings = () => ({
    original: model.get("original"),
    longSide: model.get("long_side"),
    limit: model.get("limit"),
  });
  let queue = Promise.resolve();
  const zone = makeZone(root, (files, pasted) => {
    queue = queue.then(() => sendFiles(line, files, { pasted, settings, show }));
  });
  root.append(warning, zone.element, status, list);
  el.append(root);
  return () => line.close();
}

export default { render };
