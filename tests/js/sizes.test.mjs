import assert from "node:assert/strict";
import test from "node:test";
import * as sizes from "../../conus_widgets/widgets/dropzone/page/sizes.js";

test("a picture within the long side goes as it is", () => {
  assert.equal(sizes.scaledSize(896, 672, 896), null);
  assert.equal(sizes.scaledSize(224, 224, 896), null);
});

test("a larger picture keeps its shape and gets the long side, whichever that is", () => {
  assert.deepEqual(sizes.scaledSize(4000, 3000, 896), { width: 896, height: 672 });
  assert.deepEqual(sizes.scaledSize(3000, 4000, 896), { width: 672, height: 896 });
  for (const [w, h] of [
    [897, 1],
    [5001, 3333],
    [1, 20000],
    [897, 896],
  ]) {
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
  assert.equal(
    plain(sizes.sizeNote(from, to, 1)),
    "scaled from 4000 × 3000 to 896 × 672 in the browser",
  );
  assert.equal(plain(sizes.sizeNote(from, null, 12e6)), "4000 × 3000, 12.0 MB, unchanged");
  assert.equal(plain(sizes.sizeNote(null, null, 12e6)), "12.0 MB");
});

test("a file over the limit is refused with both numbers, an empty one too", () => {
  assert.equal(sizes.refusal("a.tif", 64 * 2 ** 20, 64 * 2 ** 20), "");
  assert.match(
    sizes.refusal("a.tif", 80 * 2 ** 20, 64 * 2 ** 20),
    /^a\.tif has 80 MB; at most 64 MB/,
  );
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

const bytes = (...parts) =>
  Uint8Array.from(
    parts.flatMap((p) => (typeof p === "string" ? [...p].map((c) => c.charCodeAt(0)) : p)),
  );
const be32 = (n) => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255];
const le32 = (n) => be32(n).reverse();
const alike = (file) =>
  sizes.readsAlike(file.slice(0, sizes.HEAD), file.slice(-sizes.TAIL), file.length);

function jpeg({ components = 3, precision = 8, end = [0xff, 0xd9], before = [] } = {}) {
  const app = [0xff, 0xe1, 0, 8, 1, 2, 3, 4, 5, 6];
  const frame = [0xff, 0xc2, 0, 17, precision, 0, 9, 0, 9, components];
  return bytes([0xff, 0xd8], app, before, frame, Array(20).fill(7), end);
}

function png({ depth = 8, chunks = [], end = "IEND" } = {}) {
  const chunk = (kind, body) => [...be32(body.length), ...bytes(kind), ...body, 0, 0, 0, 0];
  const header = [...be32(9), ...be32(9), depth, 2, 0, 0, 0];
  const middle = chunks.flatMap((kind) => chunk(kind, [1, 2, 3, 4]));
  const last = end && [...be32(0), ...bytes(end), 0xae, 0x42, 0x60, 0x82];
  return bytes("\x89PNG\r\n\x1a\n", chunk("IHDR", header), middle, chunk("IDAT", [5, 6]), last);
}

function webp(first, flags, { missing = 0 } = {}) {
  const body = bytes("WEBP", first, le32(10), [flags], Array(9).fill(0));
  return bytes("RIFF", le32(body.length + missing), [...body]);
}

test("a browser may scale down what it reads as Python does", () => {
  for (const file of [
    jpeg(),
    jpeg({ components: 1 }),
    jpeg({ before: [0xff, 0xff, 0xdb, 0, 4, 1, 2] }),
    png(),
    png({ depth: 1, chunks: ["sRGB", "gAMA"] }),
    png({ chunks: ["gAMA", "iCCP", "tEXt"] }),
    webp("VP8 ", 0),
    webp("VP8X", 0x10),
    bytes("GIF89a", Array(20).fill(1), ";"),
    bytes("BM", Array(20).fill(1)),
  ]) {
    assert.equal(alike(file), true, String(file.slice(0, 30)));
  }
});

test("what it would turn, darken or stretch otherwise goes as it is", () => {
  for (const file of [
    webp("VP8X", 0x08), // EXIF, which may turn it
    webp("VP8 ", 0, { missing: 5 }),
    png({ depth: 16 }),
    png({ chunks: ["gAMA"] }),
    png({ chunks: ["eXIf"] }),
    png({ chunks: ["sRGB", "cICP"] }),
    png({ end: "" }),
    jpeg({ components: 4 }), // the inks of a printer
    jpeg({ precision: 12 }),
    jpeg({ end: [] }), // without its last bytes a browser refuses it
    bytes([0xff, 0xd8, 0xff, 0xd9]),
    bytes("II*\0", Array(20).fill(0)),
    bytes(be32(28), "ftypavif", Array(20).fill(0)),
    bytes(be32(28), "ftypheic", Array(20).fill(0)),
    bytes("<svg xmlns='x'></svg>"),
    bytes(""),
  ]) {
    assert.equal(alike(file), false, String(file.slice(0, 30)));
  }
});
