import assert from "node:assert/strict";
import test from "node:test";
import {
  fillRectangle,
  makeMask,
  packBits,
  stamp,
  unpackBits,
} from "../../conus_widgets/widgets/explorer/page/painting.js";
import {
  AGAINST,
  FOR,
  limitOf,
  paint,
  partOf,
  roundBelow,
  ticksOf,
} from "../../conus_widgets/widgets/explorer/page/colours.js";
import { makeFlow } from "../../conus_widgets/widgets/explorer/page/flow.js";

const count = (mask) => mask.reduce((a, b) => a + b, 0);

test("a disc has the area of a disc, a stroke covers both its ends", () => {
  const mask = new Uint8Array(100 * 100);
  stamp(mask, 100, { x0: 50, y0: 50, x1: 50, y1: 50, rx: 20, ry: 10 }, 1);
  assert.ok(Math.abs(count(mask) - Math.PI * 200) < 20);
  stamp(mask, 100, { x0: 10, y0: 90, x1: 90, y1: 10, rx: 3, ry: 3 }, 1);
  assert.ok(mask[89 * 100 + 10] && mask[10 * 100 + 89] && mask[50 * 100 + 50]);
});

test("a fast stroke leaves no gaps", () => {
  const [fast, slow] = [new Uint8Array(2500), new Uint8Array(2500)];
  stamp(fast, 50, { x0: 5, y0: 7, x1: 45, y1: 31, rx: 4, ry: 4 }, 1);
  for (let i = 0; i <= 400; i++) {
    const [x, y] = [5 + (40 * i) / 400, 7 + (24 * i) / 400];
    stamp(slow, 50, { x0: x, y0: y, x1: x, y1: y, rx: 4, ry: 4 }, 1);
  }
  const differing = fast.filter((value, i) => value !== slow[i]).length;
  assert.ok(differing <= 4, `${differing} pixels differ`);
});

test("strokes beyond the edge stay inside", () => {
  const mask = new Uint8Array(400);
  stamp(mask, 20, { x0: -5, y0: -5, x1: 30, y1: 30, rx: 6, ry: 6 }, 1);
  fillRectangle(mask, 20, -10, 15, 50, 99, 1);
  assert.equal(mask.length, 400);
  assert.equal(count(mask.slice(300)), 100);
});

test("a rectangle covers the pixels whose middles lie inside, whichever corner comes first", () => {
  const [a, b] = [new Uint8Array(100), new Uint8Array(100)];
  fillRectangle(a, 10, 2.4, 3.6, 5.6, 5.5, 1);
  fillRectangle(b, 10, 5.6, 5.5, 2.4, 3.6, 1);
  assert.deepEqual(a, b);
  assert.deepEqual(
    [...a.keys()].filter((i) => a[i]),
    [42, 43, 44, 45],
  );
});

test("bits: there and back, the first pixel in the highest bit", () => {
  const mask = Uint8Array.from({ length: 81 }, (_, i) => Number(i % 3 === 0));
  assert.deepEqual(unpackBits(packBits(mask), 81), mask);
  assert.deepEqual([...packBits(Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 1]))], [128, 64]);
});

test("undo, redo, reset: every state comes back; a new change forgets what was undone", () => {
  const painted = makeMask(8);
  const states = [painted.mask.slice()];
  for (const value of [1, 2, 3]) {
    painted.begin();
    painted.mask[value] = 1;
    states.push(painted.mask.slice());
  }
  for (const state of states.slice(0, -1).reverse()) {
    assert.ok(painted.undo());
    assert.deepEqual(painted.mask, state);
  }
  assert.equal(painted.undo(), false);
  for (const state of states.slice(1)) {
    assert.ok(painted.redo());
    assert.deepEqual(painted.mask, state);
  }
  assert.equal(painted.redo(), false);
  assert.ok(painted.reset() && painted.isEmpty() && !painted.reset());
  painted.undo();
  painted.begin();
  assert.equal(painted.redo(), false);
  painted.mask[9] = 1;
  painted.abandon();
  assert.deepEqual(painted.mask, states[3]);
  assert.equal(painted.fraction(), 3 / 64);
});

test("the box of a mask is the rectangle around it", () => {
  const painted = makeMask(10);
  assert.equal(painted.box(), null);
  fillRectangle(painted.mask, 10, 7, 8, 8, 9, 1);
  assert.deepEqual(painted.box(), { left: 7, top: 8, right: 8, bottom: 9 });
  fillRectangle(painted.mask, 10, 2, 4, 4, 5, 1);
  assert.deepEqual(painted.box(), { left: 2, top: 4, right: 8, bottom: 9 });
});

test("one scale: the largest value; on fine grids the 99.5th percentile, as in Python", () => {
  assert.equal(limitOf([[1, -4], [3]]), 4);
  assert.equal(limitOf([[0, 0]]), 0);
  const fine = Float32Array.from({ length: 2001 }, (_, i) => i);
  assert.ok(Math.abs(limitOf([fine]) - 1990) < 1e-6);
  const lonely = new Float32Array(2001);
  lonely[7] = 5;
  assert.equal(limitOf([lonely]), 5, "one pixel among zeros is still drawn");
});

test("colours: the sign gives the hue, the size the strength, zero is clear", () => {
  const pixels = [...paint([1, -0.5, 0, -9], 1, "colours", 1)];
  assert.deepEqual(pixels.slice(0, 4), [...FOR, 255]);
  assert.deepEqual(pixels.slice(4, 7), AGAINST);
  assert.ok(Math.abs(pixels[7] - 127.5) <= 1);
  assert.equal(pixels[11], 0);
  assert.equal(pixels[15], 255, "beyond the scale is full colour");
  assert.deepEqual(
    [...paint([3, 3], 0, "colours", 1)].filter((_, i) => i % 4 === 3),
    [0, 0],
    "a flat map is neutral",
  );
  assert.equal(partOf(5, 0), 0);
});

test("soft mask: black over everything that does not speak for the target", () => {
  assert.deepEqual([...paint([1, 0, -1], 1, "mask", 1)], [0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 255]);
});

test("the two colours differ in lightness or hue for every kind of colour vision", () => {
  // Red and green fall together in the common deficiencies: what is left must differ.
  const [a, b] = [FOR, AGAINST].map(([r, g, blue]) => [0.6 * r + 0.4 * g, blue]);
  assert.ok(Math.abs(a[1] - b[1]) > 150);
});

test("marks of the bar are round and inside", () => {
  assert.deepEqual([1.8, 0.73, 5, 0.00088].map(roundBelow), [1, 0.5, 5, 0.0005]);
  assert.deepEqual(ticksOf(1.8), [-1, 0, 1]);
  assert.deepEqual(ticksOf(0), [0]);
});

/** A clock that is turned by hand. */
function clock() {
  let [time, timers] = [0, []];
  const later = (call, ms) => {
    const timer = { call, due: time + ms };
    timers.push(timer);
    return () => (timers = timers.filter((one) => one !== timer));
  };
  const pass = (ms) => {
    time += ms;
    for (const timer of timers.filter(({ due }) => due <= time)) {
      timers = timers.filter((one) => one !== timer);
      timer.call();
    }
  };
  return { now: () => time, later, pass, dues: () => timers.map(({ due }) => due) };
}

function stand(options = {}) {
  const { now, later, pass, dues } = clock();
  const sent = [];
  return {
    flow: makeFlow((request) => sent.push(request), { now, later, ...options }),
    sent,
    pass,
    dues,
  };
}

test("flow: one request is under way; the newest is sent behind it, those in between are dropped", () => {
  const { flow, sent } = stand();
  for (const request of ["a", "b", "c"]) flow.ask(request);
  assert.deepEqual(sent, ["a"]);
  assert.equal(flow.isIdle(), false);
  assert.equal(flow.answered(1, 0), true);
  assert.deepEqual(sent, ["a", "c"]);
  assert.equal(flow.answered(2, 0), true);
  assert.ok(flow.isIdle());
  assert.equal(flow.answered(1, 0), false, "an answer older than the last one shown is stale");
});

test("flow: what waits behind an answer that never comes goes out in the end, with nobody's help", () => {
  const { flow, sent, pass, dues } = stand({ patience: 5000 });
  for (const request of ["a", "b", "c", "d"]) flow.ask(request);
  assert.deepEqual(dues(), [5000], "one timer, however many were asked for");
  pass(4999);
  assert.deepEqual(sent, ["a"]);
  pass(1);
  assert.deepEqual(sent, ["a", "d"]);
  assert.equal(flow.answered(2, 0), true);
  assert.equal(flow.answered(1, 0), false);
  assert.ok(flow.isIdle());
});

test("flow: the last request of a stroke does not wait; it is answered, or its silence is heard", () => {
  const { flow, sent } = stand();
  flow.ask({ final: false });
  flow.ask({ final: false, second: true });
  flow.ask({ final: true });
  assert.deepEqual(sent, [{ final: false }, { final: true }]);
});

test("flow: a failure is no reason to forget the newest request; a lost kernel is", () => {
  const { flow, sent } = stand();
  for (const request of ["a", "b"]) flow.ask(request);
  flow.failed();
  assert.deepEqual(sent, ["a", "b"]);
  assert.equal(flow.answered(1, 0), false);
  flow.ask("c");
  flow.forget();
  assert.ok(flow.isIdle());
  assert.equal(flow.answered(2, 0), false);
  assert.deepEqual(sent, ["a", "b"]);
});

test("flow: two are under way where the way is longer than the work, evenly apart and as new as they are then", () => {
  const { flow, sent, pass, dues } = stand();
  flow.ask("a");
  pass(200);
  flow.answered(1, 40); // 160 ms on its ways
  flow.ask("b");
  flow.ask("c");
  flow.ask("d");
  assert.deepEqual(sent, ["a", "b"]);
  assert.deepEqual(dues(), [300], "half a round behind the one before");
  pass(100);
  assert.deepEqual(sent, ["a", "b", "d"]);
  flow.ask("e");
  assert.deepEqual(sent, ["a", "b", "d"], "a third one waits");
  pass(100);
  flow.answered(2, 40);
  assert.deepEqual(sent.at(-1), "e");
});

test("flow: where the work is longer than the way, or all is quick, a second one would grow old in the queue", () => {
  for (const [round, took] of [
    [200, 150],
    [60, 5],
  ]) {
    const { flow, sent, pass } = stand();
    flow.ask("a");
    pass(round);
    flow.answered(1, took);
    flow.ask("b");
    pass(3 * round);
    flow.ask("c");
    assert.deepEqual(sent, ["a", "b"]);
  }
});

test("flow: after somebody else's number its own go on behind it", () => {
  const sent = [];
  const flow = makeFlow((_, generation) => sent.push(generation));
  flow.startAfter(7);
  flow.ask("a");
  assert.deepEqual(sent, [8]);
});
