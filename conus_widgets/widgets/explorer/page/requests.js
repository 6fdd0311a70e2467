// The page's requests to the kernel: a function for each kind of message (messages.py has the table).

/**
 * `send(kind, content, buffers)` gets a receipt; `post` does not: one of many messages of a stroke
 * is answered by its numbers alone.
 */
export const makeRequests = (send, post) => ({
  hello: () => send("hello"),
  choose: (pane, generation, choice) => send("choose", { pane, generation, ...choice }),
  drop: (pane) => send("drop", { pane }),
  area: ({ mask, ...content }) => (content.final ? send : post)("area", content, [mask]),
  keep: (kept) => send("keep", { kept }),
  test: (method) => send("test", { method }),
  save: (form, pane) => send("save", { form, pane }),
  cancel: () => send("cancel"),
  resume: () => send("resume"),
});
