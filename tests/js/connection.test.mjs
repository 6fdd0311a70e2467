import assert from "node:assert/strict";
import test from "node:test";
import { openLine, silence } from "../../conus_widgets/widgets/live/page/connection.js";

function stand({ status = "idle" } = {}) {
  const handlers = {};
  const sent = [];
  const said = [];
  const heard = [];
  const kernel = {
    status,
    statusChanged: { connect: (f) => (handlers.status = f), disconnect() {} },
  };
  const model = {
    widget_manager: { kernel },
    on: (name, f) => (handlers[name] = f),
    off: (name) => delete handlers[name],
    send: (content, _, buffers) => sent.push({ content, buffers }),
  };
  const el = { closest: () => null };
  const line = openLine(model, el, {
    say: (text, gone) => said.push([text, gone]),
    listen: (message) => heard.push(message),
  });
  return { line, sent, said, heard, handlers, el };
}

test("silence: a dead kernel at once, a busy one soon, an unknown one late", () => {
  for (const status of ["dead", "restarting", "autorestarting"]) {
    assert.match(silence(0, status), /no longer running\. Run this cell again/);
  }
  assert.equal(silence(1, "busy"), "");
  assert.match(silence(5, "busy"), /busy with another cell/);
  assert.equal(silence(9, undefined), "");
  assert.match(silence(12, undefined), /not answered for 12 seconds/);
});

test("a message is kept until its own receipt comes", async () => {
  const { line, sent, handlers, heard } = stand();
  const first = line.send({ kind: "a" });
  const second = line.send({ kind: "b" });
  handlers["msg:custom"]({ kind: "heard", id: sent[1].content.id, error: "no" });
  await assert.rejects(second, /^Error: no$/);
  handlers["msg:custom"]({ kind: "heard", id: sent[0].content.id, error: "" });
  await first;
  handlers["msg:custom"]({ kind: "card" });
  assert.deepEqual(heard, [{ kind: "card" }]);
  line.close();
});

test("what is posted has no number: nobody answers it", async () => {
  const { line, sent, handlers } = stand();
  line.post({ kind: "area" }, [1]);
  assert.deepEqual(sent, [{ content: { kind: "area", page: line.name }, buffers: [1] }]);
  handlers.status(null, "dead");
  line.post({ kind: "area" });
  assert.equal(sent.length, 1, "nor is it sent to nobody");
});

test("when the kernel restarts, it is said once and what is open is given up", async () => {
  const { line, said, handlers } = stand();
  const open = line.send({ kind: "a" });
  handlers.status(null, "restarting");
  handlers.status(null, "dead");
  await assert.rejects(open, /no longer running/);
  assert.equal(said.length, 1);
  assert.equal(said[0][1], true);
  assert.ok(line.gone());
  await assert.rejects(line.send({ kind: "b" }), /no longer running/);
});

test("ipywidgets' mark of a lost kernel counts too", () => {
  const { line, el, handlers } = stand();
  handlers.comm_live_update();
  assert.equal(line.gone(), false);
  el.closest = () => ({});
  handlers.comm_live_update();
  assert.equal(line.gone(), true);
});
