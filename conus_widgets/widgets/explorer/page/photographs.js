// Photographs that this page sends, and those that cannot be used.

import { settingsOf, sendFiles } from "../../dropzone/page/sending.js";

/** `say(text)` is read aloud; `page` is that of start.js. */
export function makeSending(page, app, say) {
  const failed = new Map(); // photographs that cannot be used: number -> why, "" once it was read
  let awaited = 0; // photographs that this page has sent, to be shown when they come
  const oneLess = (count = 1) => (awaited = Math.max(0, awaited - count));

  async function send(files, pasted) {
    if (page.line.gone()) return;
    page.warn("");
    for (const number of failed.keys()) failed.set(number, "");
    const show = ({ name, state, error }) => {
      if (state === "preparing") awaited += 1;
      else if (state === "sending") say(`Sending ${name} ...`);
      else if (state === "failed") {
        oneLess();
        page.warn(error);
      }
    };
    const settings = async () => settingsOf(page.model);
    await sendFiles(page.line, files, { pasted, settings, show });
  }

  /** The list of all photographs; returns whether more of them cannot be used now. */
  function take(photographs) {
    const more = photographs.filter(
      ({ number, state }) => state === "failed" && !failed.has(number),
    );
    for (const { number, error } of more) failed.set(number, error);
    if (more.length) page.warn([...failed.values()]);
    oneLess(more.length);
    return more.length > 0;
  }

  /** A photograph has come; one that this page sent is shown. Returns whether it is. */
  function arrived({ number }, isNew) {
    if (!isNew || awaited === 0) return false;
    oneLess();
    app.choose(app.active, { photograph: number });
    return true;
  }

  return { send, take, arrived };
}
