// The line to the kernel: messages are numbered and answered, so silence can be put into words.

// A page of Voila has no cells that could be run.
const served = Boolean(globalThis.document?.body?.dataset?.voila);
const GONE = `The kernel is no longer running. ${served ? "Reload this page" : "Run this cell again"}.`;
const BUSY = "The kernel is busy with another cell. Photographs wait until that is done.";

/** What to say after `seconds` without an answer, given what the page knows of the kernel. */
export function silence(seconds, status) {
  if (["dead", "terminating", "restarting", "autorestarting"].includes(status)) return GONE;
  if (status === "busy") return seconds < 4 ? "" : BUSY;
  if (seconds < 10) return "";
  const again = served ? "reload this page" : "run this cell again";
  return `The kernel has not answered for ${Math.round(seconds)} seconds. If it has stopped, ${again}.`;
}

/**
 * Opens the line. `say(text, gone)` is called with what the user should know, and with "" when all
 * is well again. `listen(message, buffers)` gets everything but the receipts. A widget may be shown
 * more than once: each message says by `page` which view it is from, and all of them hear the answer.
 */
export function openLine(model, el, { say, listen }) {
  const open = new Map(); // id -> {resolve, reject, since}
  const name = Math.random().toString(36).slice(2);
  const kernel = model.widget_manager?.kernel; // JupyterLab's; elsewhere there is none to ask
  let number = 0;
  let gone = false;
  let timer = 0;

  const lose = () => {
    if (gone) return;
    gone = true;
    clearInterval(timer);
    for (const { reject } of open.values()) reject(new Error(GONE));
    open.clear();
    say(GONE, true);
  };
  const check = () => {
    const oldest = Math.min(...[...open.values()].map((entry) => entry.since));
    const text = silence((Date.now() - oldest) / 1000, kernel?.status);
    if (text === GONE) lose();
    else say(text, false);
  };
  const onMessage = (message, buffers) => {
    if (message.kind !== "heard") return listen(message, buffers);
    const entry = open.get(message.id);
    if (!entry) return;
    open.delete(message.id);
    if (open.size === 0) {
      clearInterval(timer);
      timer = 0;
      say("", false);
    }
    if (message.error) entry.reject(new Error(message.error));
    else entry.resolve();
  };
  // ipywidgets marks the view of a widget whose kernel was restarted with this class.
  const onLive = () => el.closest(".jupyter-widgets-disconnected") && lose();
  const onStatus = (_, status) => silence(0, status) === GONE && lose();
  model.on("msg:custom", onMessage);
  model.on("comm_live_update", onLive);
  kernel?.statusChanged?.connect(onStatus);
  kernel?.disposed?.connect(lose); // "Shut down kernel" tells no status

  /** Sends one message; the promise holds once the kernel has it. */
  const send = (content, buffers = []) => {
    if (gone) return Promise.reject(new Error(GONE));
    const id = `${name}-${++number}`;
    const heard = new Promise((resolve, reject) =>
      open.set(id, { resolve, reject, since: Date.now() }),
    );
    model.send({ ...content, id, page: name }, undefined, buffers);
    timer ||= setInterval(check, 500);
    return heard;
  };
  /** Sends one of many messages, each of which makes the one before idle talk: nobody answers it. */
  const post = (content, buffers = []) =>
    gone || model.send({ ...content, page: name }, undefined, buffers);
  // A running cell holds up the first message that a widget sends, not the later ones: those come
  // in by a subshell of the kernel, as soon as one message that names it was answered.
  const opener = setTimeout(() => send({ kind: "open" }).catch(() => {}), 1000);

  return {
    name,
    gone: () => gone,
    send,
    post,
    close() {
      clearTimeout(opener);
      clearInterval(timer);
      model.off("msg:custom", onMessage);
      model.off("comm_live_update", onLive);
      kernel?.statusChanged?.disconnect(onStatus);
      kernel?.disposed?.disconnect(lose);
    },
  };
}
