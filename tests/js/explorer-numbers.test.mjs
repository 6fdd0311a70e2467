import assert from "node:assert/strict";
import test from "node:test";
import {
  camOf,
  cellClasses,
  makeSight,
  matching,
  ranking,
  areaShares,
  softmaxOf,
  speaks,
  spoken,
  sumsOf,
} from "../../conus_widgets/widgets/explorer/page/numbers.js";

// Two classes on 2 x 3 cells, and a third without evidence.
const shares = Float32Array.from([1, 2, -3, 4, 0, 1, -1, 0, 2, 0, 5, -2, 0, 0, 0, 0, 0, 0]);
const bias = Float32Array.from([0.5, -0.5, 0.25]);
const logits = Float32Array.from([5.5, 3.5, 0.25]);
const sight = makeSight({ logits, bias, shares, rows: 2, columns: 3 });
const sum = (values) => values.reduce((a, b) => a + b, 0);

test("a map is the class's shares, and a pair's is the difference", () => {
  assert.deepEqual([...camOf(sight, 1)], [-1, 0, 2, 0, 5, -2]);
  assert.deepEqual([...camOf(sight, 0, 1)], [2, 2, -5, 4, -5, 3]);
  assert.deepEqual(
    [...camOf(sight, 0, 0)],
    [...camOf(sight, 0)],
    "a class against itself is the class",
  );
  camOf(sight, 0, 1)[0] = 99;
  assert.equal(shares[0], 1, "the shares themselves stay");
});

test("all cells and the bias add up to the logit, for every class and every pair", () => {
  for (const target of [0, 1, 2]) {
    for (const against of [null, 0, 1, 2]) {
      const sums = sumsOf(sight, target, against);
      const whole =
        against === null || against === target ? logits[target] : logits[target] - logits[against];
      assert.equal(sums.logit, whole);
      assert.ok(Math.abs(sums.positive + sums.negative + sums.bias - whole) < 1e-6);
      assert.ok(sums.positive >= 0 && sums.negative <= 0);
    }
  }
});

test("a cell speaks for the largest and against the smallest, and never both", () => {
  assert.deepEqual(
    cellClasses(sight, 2).map(({ number }) => number),
    [1, 2, 0],
  );
  assert.deepEqual(speaks(sight, 2), {
    for: [{ number: 1, value: 2 }],
    against: [{ number: 0, value: -3 }],
  });
  assert.deepEqual(speaks(sight, 3, 1), { for: [{ number: 0, value: 4 }], against: [] });
});

test("the whole photograph's share is the logit minus the bias; halves add up", () => {
  const whole = areaShares(sight, new Float64Array(6).fill(1));
  whole.forEach((value, i) => assert.ok(Math.abs(value - (logits[i] - bias[i])) < 1e-6));
  const part = Float64Array.from([1, 0.5, 0, 0.25, 0, 1]);
  const rest = part.map((value) => 1 - value);
  const [a, b] = [areaShares(sight, part), areaShares(sight, rest)];
  whole.forEach((value, i) => assert.ok(Math.abs(a[i] + b[i] - value) < 1e-6));
});

test("softmax: sums to 1, does not overflow, keeps the order", () => {
  const found = softmaxOf([1000, 999, -1000]);
  assert.ok(Math.abs(sum(found) - 1) < 1e-12 && found[0] > found[1] && found[1] > found[2]);
});

test("ranking: largest first, ties in class order", () => {
  assert.deepEqual(ranking(Float32Array.from([1, 3, 3, 2])), [1, 2, 3, 0]);
});

test("search: all words, any case, in the given order; among 1,000 names too", () => {
  const labels = Array.from({ length: 1000 }, (_, i) => `Conus <b>species</b> ${i}`);
  const order = labels.map((_, i) => 999 - i);
  assert.deepEqual(matching(order, labels, "CONUS 99 <b>").slice(0, 3), [999, 998, 997]);
  assert.deepEqual(matching(order, labels, "species 123"), [123]);
  assert.deepEqual(matching(order, labels, "nothing"), []);
  assert.equal(matching(order, labels, "  ").length, 1000);
});

test("a name from right to left stays among its neighbours", () => {
  assert.equal(
    spoken({ row: 0, column: 0 }, [{ value: 1, label: "שבלול" }]),
    "row 1, column 1: 1.0 for \u2068שבלול\u2069",
  );
});

test("what is spoken of a cell", () => {
  const parts = [
    { value: 0.82, label: "tented" },
    { value: -0.31, label: "banded" },
  ];
  assert.equal(
    spoken({ row: 2, column: 4 }, parts),
    "row 3, column 5: 0.8 for tented, \u22120.3 for banded",
  );
});
