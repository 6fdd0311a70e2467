// The kernel's messages: a function for each kind of message (messages.py has the table).

import { newPane } from "./maps.js";
import { makeSight } from "./numbers.js";

const bytesOf = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
const floatsOf = (view) => new Float32Array(bytesOf(view));
const pixelsOf = (view) => new Uint8Array(bytesOf(view));

/**
 * `news` is what else happens on the page: `network(message)`, `photographs(list)` in their states,
 * `sight(photograph, isNew)`, `map(pane, waitedFor)`, `checked()`, `problem(text)`, `file(name, blob)`.
 */
export function makeHearing(app, news) {
  // Sent before this page was heard of: all of it comes again after the network.
  const known = (hear) => (message, buffers) => (app.network ? hear(message, buffers) : null);
  return {
    network: (message) => takeNetwork(app, news, message),
    photographs: (message) => takeList(app, news, message),
    sight: known((message, buffers) => takeSight(app, news, message, buffers)),
    map: known((message, buffers) => takeMap(app, news, message, buffers)),
    progress: known(app.progress),
    testing: known(app.tested),
    checked: known((message, [logits]) => {
      news.checked();
      app.checked(message, floatsOf(logits));
    }),
    area: known((message, [mask, given]) =>
      app.takeArea(message, pixelsOf(mask), given && pixelsOf(given)),
    ),
    dropped: known((message) => app.isMine(message) || app.paneDropped(message.pane)),
    file: known((message, [data]) => {
      if (app.isMine(message)) news.file(message.name, new Blob([bytesOf(data)]));
    }),
    problem: ({ text }) => news.problem(text),
  };
}

function takeNetwork(app, news, message) {
  const { phase, kept, ...network } = message;
  if (phase === "ready") {
    const fresh = app.network === null;
    app.network = network;
    if (!app.area) app.makeArea(network.size);
    if (fresh) Object.assign(app, kept);
  }
  news.network(message);
  app.changed();
}

function takeList(app, news, { photographs, panes }) {
  for (const { number, name, state } of photographs) {
    if (state === "failed") app.photographs.delete(number);
    else app.photographs.set(number, { ...app.photographs.get(number), number, name, state });
  }
  while (app.panes.length < panes.length) app.panes.push(newPane());
  for (const [index, { generation, ...choice }] of panes.entries()) {
    const pane = app.panes[index];
    const target = choice.target ?? pane.choice.target;
    if (generation >= pane.generation)
      Object.assign(pane, { choice: { ...pane.choice, ...choice, target } });
  }
  news.photographs(photographs);
  app.arrived();
}

async function takeSight(app, news, message, buffers) {
  const [jpeg, logits, bias, shares, seen, blurred, noise] = buffers;
  const bitmap = await createImageBitmap(new Blob([bytesOf(jpeg)], { type: "image/jpeg" }));
  const { number, name } = message;
  const photograph = app.photographs.get(number) ?? { number, name };
  const isNew = !photograph.sight;
  photograph.sight?.bitmap.close();
  photograph.sight = makeSight({
    ...message,
    bitmap,
    logits: floatsOf(logits),
    bias: floatsOf(bias),
    shares: floatsOf(shares),
    seen: pixelsOf(seen),
    blurred: pixelsOf(blurred),
    noise: pixelsOf(noise),
  });
  app.photographs.set(number, photograph);
  app.arrived();
  if (isNew && app.sight() === photograph.sight) app.areaMoved();
  news.sight(photograph, isNew);
  app.changed();
}

function takeMap(app, news, message, buffers) {
  const waitedFor = app.panes.some(
    ({ generation, state }) => generation === message.generation && state === "running",
  );
  const pane = app.receive(message, message.map && floatsOf(buffers[0]));
  if (pane) news.map(pane, waitedFor);
}
