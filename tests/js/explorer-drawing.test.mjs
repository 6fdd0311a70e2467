import assert from "node:assert/strict";
import test from "node:test";

import { makeDrawing } from "../../conus_widgets/widgets/explorer/page/drawing.js";

/** A page whose clock is turned by hand. */
function stand(inStroke) {
  let time = 1000;
  const [frames, timers, drawn] = [[], [], []];
  globalThis.requestAnimationFrame = (call) => frames.push(call);
  globalThis.cancelAnimationFrame = () => frames.splice(0);
  globalThis.setTimeout = (call, wait) => timers.push({ call, due: time + wait });
  globalThis.clearTimeout = () => timers.splice(0);
  globalThis.performance = { now: () => time };
  const drawing = makeDrawing({
    inStroke,
    photograph: () => drawn.push("photograph"),
    all: () => drawn.push("all"),
  });
  const pass = (ms) => {
    time += ms;
    for (const { call } of timers.filter(({ due }) => due <= time)) call();
    timers.splice(0, timers.length, ...timers.filter(({ due }) => due > time));
    for (const call of frames.splice(0)) call(time);
  };
  return { drawing, drawn, pass };
}

const real = { ...globalThis, setTimeout, clearTimeout, performance };
test.afterEach(() =>
  Object.assign(globalThis, {
    setTimeout: real.setTimeout,
    clearTimeout: real.clearTimeout,
    performance: real.performance,
  }),
);

test("many changes are one drawing, with the next frame", () => {
  const { drawing, drawn, pass } = stand(() => false);
  for (let i = 0; i < 5; i++) drawing.soon(i % 2 === 0);
  assert.deepEqual(drawn, []);
  pass(16);
  assert.deepEqual(drawn, ["all"]);
  pass(16);
  assert.deepEqual(drawn, ["all"]);
});

test("a stroke draws the photograph at a steady pace, and the rest with an answer or now and then", () => {
  const { drawing, drawn, pass } = stand(() => true);
  for (let ms = 0; ms < 300; ms += 10) {
    drawing.soon(false);
    pass(10);
  }
  const count = (what) => drawn.filter((one) => one === what).length;
  assert.ok(drawn.length >= 7 && drawn.length <= 11, `${drawn}`);
  assert.ok(count("all") >= 2 && count("all") <= 4, `${drawn}`);
  drawing.soon(); // an answer
  pass(1);
  assert.equal(drawn.at(-1), "all");
});

test("the last change of a stroke is drawn, also where none follows", () => {
  const { drawing, drawn, pass } = stand(() => true);
  drawing.soon(false);
  pass(10);
  drawing.soon(false);
  const before = drawn.length;
  pass(5);
  assert.equal(drawn.length, before);
  pass(40);
  assert.equal(drawn.length, before + 1);
});

test("nothing is drawn once it has stopped", () => {
  const { drawing, drawn, pass } = stand(() => false);
  drawing.soon();
  drawing.stop();
  pass(100);
  assert.deepEqual(drawn, []);
});
