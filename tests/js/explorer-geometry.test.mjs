import assert from "node:assert/strict";
import test from "node:test";
import {
  cellAt,
  coverageOf,
  edges,
  isInside,
  middleOf,
  placeOf,
  steady,
  toPhotograph,
  zoomAbout,
} from "../../conus_widgets/widgets/explorer/page/geometry.js";

const canvas = { width: 600, height: 400 };
const photograph = { width: 300, height: 100 };
const whole = { zoom: 1, u: 0.5, v: 0.5 };
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

test("the whole photograph fits, in the middle, in its own shape", () => {
  assert.deepEqual(placeOf(canvas, photograph, whole), { x: 0, y: 100, width: 600, height: 200 });
  assert.deepEqual(placeOf(canvas, { width: 100, height: 100 }, whole), {
    x: 100,
    y: 0,
    width: 400,
    height: 400,
  });
});

test("a place on the canvas and back", () => {
  const view = { zoom: 3, u: 0.4, v: 0.6 };
  const place = placeOf(canvas, photograph, view);
  const at = toPhotograph(place, 123, 321);
  near(place.x + at.u * place.width, 123);
  near(place.y + at.v * place.height, 321);
});

test("zooming keeps what is under the pointer, as long as the edges allow", () => {
  const view = { zoom: 4, u: 0.5, v: 0.5 };
  const before = toPhotograph(placeOf(canvas, photograph, view), 250, 220);
  const after = zoomAbout(view, 1.7, 250, 220, canvas, photograph);
  const now = toPhotograph(placeOf(canvas, photograph, after), 250, 220);
  near(before.u, now.u);
  near(before.v, now.v);
});

test("no view leaves the photograph, or is smaller than it", () => {
  for (const view of [
    { zoom: 0.1, u: 9, v: -9 },
    { zoom: 99, u: 9, v: -9 },
    { zoom: 5, u: -1, v: 2 },
  ]) {
    const { zoom, u, v } = steady(view, canvas, photograph);
    assert.ok(zoom >= 1 && zoom <= 16);
    const place = placeOf(canvas, photograph, { zoom, u, v });
    assert.ok(
      place.width < canvas.width + 1e-9 ||
        (place.x <= 1e-9 && place.x + place.width >= canvas.width - 1e-9),
    );
    if (place.height <= canvas.height) near(place.y + place.height / 2, canvas.height / 2);
  }
});

test("cells: every place has one, its middle lies in it", () => {
  for (let row = 0; row < 7; row++) {
    for (let column = 0; column < 5; column++) {
      assert.deepEqual(cellAt(middleOf({ row, column }, 7, 5), 7, 5), { row, column });
    }
  }
  assert.deepEqual(cellAt({ u: 1, v: -1 }, 7, 5), { row: 0, column: 4 });
  assert.equal(isInside({ u: 1, v: 0 }), false);
  assert.equal(isInside({ u: 0, v: 0.999 }), true);
});

test("lines of equal value run between cells, and close", () => {
  const values = [0, 0, 0, 0, 5, 0, 0, 0, 0];
  const lines = edges(values, 3, 3, 4);
  assert.equal(lines.length, 4, "around the one cell in the middle");
  const length = lines.reduce((sum, [u0, v0, u1, v1]) => sum + Math.hypot(u1 - u0, v1 - v0), 0);
  near(length, 4 / 3);
  assert.equal(
    edges(
      values.map((v) => -v),
      3,
      3,
      -4,
    ).length,
    4,
    "and for what speaks against",
  );
  assert.equal(edges(values, 3, 3, 6).length, 0);
  const step = [1, 1, 1, 0, 0, 1, 0, 0, 0]; // lines go straight on as far as they can
  assert.deepEqual(edges(step, 3, 3, 1), [
    [0, 1 / 3, 2 / 3, 1 / 3],
    [2 / 3, 2 / 3, 1, 2 / 3],
    [2 / 3, 1 / 3, 2 / 3, 2 / 3],
  ]);
});

test("coverage: exact also where cells end inside a pixel; the parts add up to the area", () => {
  const whole7 = coverageOf(new Uint8Array(64).fill(1), 8, 7, 7);
  const total = whole7.reduce((a, b) => a + b, 0);
  near(total, 49);
  whole7.forEach((value) => near(value, 1));
  const mask = new Uint8Array(16);
  mask[5] = 1; // row 1, column 1 of 4 x 4
  assert.deepEqual([...coverageOf(mask, 4, 2, 2)], [0.25, 0, 0, 0]);
  const third = coverageOf(mask, 4, 3, 3); // reaches 1/3 of a pixel into the first cell
  near(third[0], (1 / 3) * (1 / 3) * (9 / 16));
  near(
    third.reduce((a, b) => a + b, 0),
    9 / 16,
  );
});
