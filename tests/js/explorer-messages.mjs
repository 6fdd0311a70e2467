// Both directions of the explorer's messages against Python's table, which comes in EXPLORER_KINDS:
// see tests/widgets/test_explorer_messages.py.
import assert from "node:assert/strict";
import test from "node:test";

globalThis.document = { createElement: () => ({}) };
globalThis.createImageBitmap = async () => ({ close() {} });

const page = "../../conus_widgets/widgets/explorer/page";
const { makeApp } = await import(`${page}/app.js`);
const { makeHearing } = await import(`${page}/hearing.js`);
const { makeRequests } = await import(`${page}/requests.js`);

const { fromPage, toPage } = JSON.parse(process.env.EXPLORER_KINDS);
const CHOICE = { photograph: 1, method: "gradient", layer: null, target: 0, against: null };

/** A message whose fields are those of the table: to read any other one is a mistake. */
const strict = (message) =>
  new Proxy(message, {
    get(fields, name) {
      assert.ok(
        typeof name === "symbol" || name in fields,
        `${message.kind} has no ${String(name)}`,
      );
      return fields[name];
    },
  });

const floats = (...numbers) => new DataView(Float32Array.from(numbers).buffer);
const bytes = (count) => new DataView(new Uint8Array(count).buffer);

test("the page asks with the fields and buffers of the table", () => {
  const asked = new Map();
  const note = (kind, content = {}, buffers = []) => asked.set(kind, { content, buffers });
  const ask = makeRequests(note, note);
  const area = { generation: 1, photograph: 1, fill: "mean", offset: [0, 0], lender: 0 };
  ask.hello();
  ask.choose(0, 1, CHOICE);
  ask.drop(1);
  ask.area({ ...area, final: false, mask: bytes(7) });
  ask.keep({ pins: [] });
  ask.test("cam");
  ask.save("png", 0);
  ask.cancel();
  ask.resume();
  assert.deepEqual([...asked.keys()].sort(), Object.keys(fromPage).sort());
  assert.deepEqual(Object.keys(ask).sort(), Object.keys(fromPage).sort());
  for (const [kind, { content, buffers }] of asked) {
    assert.deepEqual(Object.keys(content).sort(), fromPage[kind].fields.toSorted(), kind);
    assert.equal(buffers.length, fromPage[kind].buffers.length, kind);
  }
});

test("a stroke asks for an area with the cover that is chosen", () => {
  const asked = [];
  const send = (kind, content) => asked.push([kind, content]);
  const app = makeApp({
    ask: makeRequests(send, send),
    changed() {},
    say() {},
    gone: () => false,
    isMine: () => true,
    sizeOf: () => ({ width: 10, height: 10 }),
  });
  app.network = { labels: ["a", "b"], mean: [1, 2, 3] };
  app.makeArea(14);
  app.photographs.set(1, { number: 1, name: "shell", sight: { rows: 7, columns: 7 } });
  app.pane().choice.photograph = 1;
  app.setFill("colour");
  app.setColour([9, 8, 7]);
  const [kind, content] = asked.at(-1);
  assert.equal(kind, "area");
  assert.deepEqual([content.fill, content.final], [[9, 8, 7], true]);
});

const heard = {
  network: [
    {
      phase: "ready",
      problem: "",
      notice: "",
      labels: ["a", "b"],
      size: 14,
      mean: [1, 2, 3],
      layers: [],
      finer: "",
      methods: [],
      covers: [["mean", "the mean colour"]],
      kept: {},
    },
  ],
  photographs: [
    {
      photographs: [{ number: 1, name: "shell", state: "ready", error: "" }],
      panes: [{ ...CHOICE, generation: 0 }],
    },
  ],
  sight: [
    {
      number: 1,
      name: "shell",
      width: 4,
      height: 4,
      rows: 1,
      columns: 1,
      classes: 2,
      layer: "res5c",
      shift: 0,
    },
    [bytes(1), floats(1, 2), floats(0, 0), floats(1, 2), bytes(588), bytes(588), bytes(588)],
  ],
  map: [
    { ...CHOICE, pane: 0, generation: 5, state: "done", error: "", map: { rows: 1, columns: 1 } },
    [floats(3)],
  ],
  progress: [{ generation: 5, part: 0.5, pane: 0 }],
  area: [
    { generation: 4, photograph: 1, fill: [1, 2, 3], offset: [0, 0], page: "" },
    [new DataView(new Uint8Array(25).fill(255).buffer)],
  ],
  checked: [
    { generation: 4, photograph: 1, took: 3, page: "", python: "explain.evidence()" },
    [floats(5, 6)],
  ],
  testing: [{ method: "cam", part: 1, error: "" }],
  dropped: [{ pane: 1, page: "another" }],
  file: [{ name: "map.png", page: "mine" }, [bytes(3)]],
  problem: [{ text: "no room" }],
};

test("the page hears what the table says, and reads no other field", async () => {
  const happened = [];
  const kinds = ["network", "photographs", "sight", "map", "checked", "problem", "file"];
  const news = Object.fromEntries(kinds.map((kind) => [kind, () => happened.push(kind)]));
  const app = makeApp({
    ask: makeRequests(
      () => {},
      () => {},
    ),
    changed() {},
    say() {},
    gone: () => false,
    isMine: ({ page: one }) => one === "mine",
    sizeOf: () => ({ width: 10, height: 10 }),
  });
  const hearing = makeHearing(app, news);
  assert.deepEqual(Object.keys(hearing).sort(), Object.keys(toPage).sort());
  assert.deepEqual(Object.keys(heard).sort(), Object.keys(toPage).sort());
  for (const [kind, [content, buffers = []]] of Object.entries(heard)) {
    assert.deepEqual(Object.keys(content).sort(), toPage[kind].fields.toSorted(), kind);
    const most = toPage[kind].buffers;
    const least = most.filter((name) => !name.endsWith("?"));
    assert.ok(least.length <= buffers.length && buffers.length <= most.length, kind);
    await hearing[kind](strict({ kind, ...content }), buffers);
  }
  assert.deepEqual(happened.sort(), kinds.toSorted());
  assert.deepEqual([...app.covered()], [5, 6]);
  assert.equal(app.evidenceLine(), "explain.evidence()");
  assert.deepEqual([...app.pane().map.values], [3]);
  assert.deepEqual(app.coverMessage().fill, [1, 2, 3]);
});

test("what comes before the network is not heard: it comes again", async () => {
  const app = { network: null };
  const hearing = makeHearing(app, {});
  for (const kind of ["sight", "map", "progress", "area", "checked", "testing", "dropped", "file"])
    assert.equal(await hearing[kind]({}, []), null);
});
