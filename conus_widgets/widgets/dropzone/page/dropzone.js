// The drop zone by itself: a list of what has arrived.

import { make } from "../../live/page/elements.js";
import { startPage } from "../../live/page/start.js";
import { sendFiles, settingsOf } from "./sending.js";
import { makeZone } from "./zone.js";

/** The list of files, by their uploads. */
function makeFiles() {
  const element = make("ul", "cw-files", "", { "aria-label": "Photographs" });
  const rows = new Map();
  const show = ({ upload, name, note, error }) => {
    if (!rows.has(upload)) {
      const row = make("li");
      row.append(make("span", "cw-name"), " ", make("span", "cw-note"));
      rows.set(upload, row);
      element.append(row);
    }
    const [label, remark] = rows.get(upload).children;
    label.textContent = name;
    remark.textContent = error || note || remark.textContent;
  };
  const discard = (upload) => {
    rows.get(upload).remove();
    rows.delete(upload);
  };
  return { element, show, discard };
}

const render = (view) =>
  startPage(view, "cw-dropzone", ({ root, model, line }) => {
    const status = make("div", "cw-status", "", { role: "status" });
    const list = makeFiles();
    let arrived = null; // uploads that the kernel has, once it told them all
    const kinds = {
      files({ files }) {
        const now = new Set(files.map(({ upload }) => upload));
        for (const upload of arrived ?? []) if (!now.has(upload)) list.discard(upload);
        for (const file of files) list.show(file);
        arrived = now;
      },
      file({ file }) {
        if (!arrived) return; // it is among all
        list.show(file);
        arrived.add(file.upload);
      },
    };
    const show = ({ state, ...news }) => {
      // Of what has arrived the kernel tells the name that it has there.
      if (state !== "sent") list.show(news);
      if (state === "sent") status.textContent = `${news.name} has arrived.`;
      if (state === "failed") status.textContent = news.error;
    };
    let queue = Promise.resolve();
    const zone = makeZone(root, (files, pasted) => {
      const settings = () => settingsOf(model);
      queue = queue.then(() => sendFiles(line, files, { pasted, settings, show }));
    });
    root.append(zone.element, status, list.element);
    return { kinds, lost: () => zone.disable(true) };
  });

export default { render };
