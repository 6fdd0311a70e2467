import assert from "node:assert/strict";
import test from "node:test";
import * as sizes from "../../conus_widgets/widgets/dropzone/sizes.js";

test("a picture within the long side goes as it is", () => {
  assert.equal(sizes.scaledSize(896, 672, 896), null);
  assert.equal(sizes.scaledSize(224, 224, 896), null);
});

test("a larger picture keeps its shape and gets the long side, whichever that is", () => {
  assert.deepEqual(sizes.scaledSize(4000, 3000, 896), { width: 896, height: 672 });
  assert.deepEqual(sizes.scaledSize(3000, 4000, 896), { width: 672, height: 896 });
  for (const [w, h] of [[897, 1], [5001, 3333], [1, 20000], [897, 896]]) {
    const to = sizes.scaledSize(w, h, 896);
    assert.equal(Math.max(to.width, to.height), 896);
    assert.ok(Math.min(to.width, to.height) >= 1);
    assert.ok(Math.abs(to.width - (w * 896) / Math.max(w, h)) <= 1);
  }
});

test("chunks cover a file without gap or overlap, none above the size", () => {
  for (const size of [0, 1, 7, 8, 9, 16, 17]) {
    const ranges = sizes.chunks(size, 8);
    assert.equal(ranges[0][0], 0);
    assert.equal(ranges.at(-1)[1], size);
    for (const [i, [start, end]] of ranges.entries()) {
      assert.ok(end - start <= 8);
      if (i) assert.equal(start, ranges[i - 1][1]);
      if (size) assert.ok(end > start);
    }
  }
});

test("a chunk with its header stays below the server's 10 MB", () => assert.ok(sizes.CHUNK < 9e6));

test("sizes in words", () => {
  const words = [640, 1000, 84200, 999499, 999500, 12345678].map(sizes.humanSize);
  assert.deepEqual(words, ["640 bytes", "1 kB", "84 kB", "999 kB", "1.0 MB", "12.3 MB"]);
});

test("the note says what the browser did", () => {
  const from = { width: 4000, height: 3000 };
  const to = { width: 896, height: 672 };
  const plain = (text) => text.replaceAll("\u00a0", " ");
  assert.equal(plain(sizes.sizeNote(from, to, 1)), "scaled from 4000 × 3000 to 896 × 672 in the browser");
  assert.equal(plain(sizes.sizeNote(from, null, 12e6)), "4000 × 3000, 12.0 MB, unchanged");
  assert.equal(plain(sizes.sizeNote(null, null, 12e6)), "12.0 MB");
});

test("a file over the limit is refused with both numbers, an empty one too", () => {
  assert.equal(sizes.refusal("a.tif", 64 * 2 ** 20, 64 * 2 ** 20), "");
  assert.match(sizes.refusal("a.tif", 80 * 2 ** 20, 64 * 2 ** 20), /^a\.tif has 80 MB; at most 64 MB/);
  assert.match(sizes.refusal("a.tif", 0, 1), /^a\.tif is empty/);
});

test("pasted pictures get a name, files keep theirs", () => {
  const now = new Date(2020, 1, 1, 9, 5, 7);
  const image = { name: "image.png", type: "image/png" };
  assert.equal(sizes.fileName(image, true, now), "pasted 09.05.07.png");
  assert.equal(sizes.fileName({ name: "", type: "image/jpeg" }, true, now), "pasted 09.05.07.jpg");
  assert.equal(sizes.fileName({ name: "cone.jpg", type: "image/jpeg" }, true, now), "cone.jpg");
  assert.equal(sizes.fileName(image, false, now), "image.png");
});
