import assert from "node:assert/strict";
import test from "node:test";

import { leftOut, sortFiles } from "../../conus_widgets/widgets/finetuner/page/folders.js";

const chosen = (...paths) => paths.map((path) => file(path));
const file = (path, type = "") => ({ webkitRelativePath: path, type });
const boxes = (files) =>
  Object.fromEntries(
    [...sortFiles(files).boxes].map(([name, of]) => [
      name,
      of.map((one) => one.webkitRelativePath.split("/").at(-1)),
    ]),
  );

test("a photograph's class is the folder that it lies in", () => {
  const scan = file("my-shells/cone/scan", "image/tiff");
  const found = boxes([...chosen("my-shells/tulip/1.jpg", "my-shells/2026/cone/a.HEIC"), scan]);
  assert.deepEqual(found, { tulip: ["1.jpg"], cone: ["a.HEIC", "scan"] });
});

test("photographs in no folder of a class are counted and named, and no box is made of them", () => {
  const files = chosen("my shells/1.jpg", "my shells/tulip/1.jpg");
  assert.deepEqual(boxes(files), { tulip: ["1.jpg"] });
  assert.deepEqual(leftOut(sortFiles(files)), [
    "1 photograph lies directly in \u2018my shells\u2019, in no folder of a class, and is left out (1.jpg): drop it into the box of its class.",
  ]);
  const many = chosen(...Array.from({ length: 1203 }, (_, n) => `shells/${n}.png`));
  assert.deepEqual(leftOut(sortFiles(many)), [
    "1203 photographs lie directly in \u2018shells\u2019, in no folder of a class, and are left out (0.png, 1.png, 2.png and 1,200 more): drop them into the boxes of their classes.",
  ]);
});

test("files of other kinds in a class's folder are said, too", () => {
  const files = chosen("shells/tulip/raw.cr2", "shells/tulip/1.jpg");
  assert.deepEqual(boxes(files), { tulip: ["1.jpg"] });
  assert.deepEqual(leftOut(sortFiles(files)), [
    "1 file is left out (raw.cr2), since its name is not that of a photograph: save photographs of other kinds as JPEG or PNG.",
  ]);
});

test("a table beside the folders, and what is hidden, is passed over without a word", () => {
  const files = [
    ...chosen("shells/tulip/._1.jpg", "shells/.git/1.jpg", "shells/tulip/Thumbs.db"),
    ...chosen("shells/.DS_Store", "shells/.hidden/tulip/1.jpg"),
    file("shells/names.csv", "text/csv"),
  ];
  assert.deepEqual(boxes(files), {});
  assert.deepEqual(leftOut(sortFiles(files)), []);
});

test("a name that is written from right to left does not turn the sentence", () => {
  const [said] = leftOut(sortFiles(chosen("\u05d0/\u05d1.jpg")));
  assert.match(said, /\u2018\u2068\u05d0\u2069\u2019.*\(\u2068\u05d1\.jpg\u2069\)/);
});
