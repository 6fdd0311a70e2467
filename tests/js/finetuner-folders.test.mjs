import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { leftOut, sortFiles } from "../../conus_widgets/widgets/finetuner/page/folders.js";

const CASES = JSON.parse(readFileSync(new URL("../folder_cases.json", import.meta.url)));

/** A file as a browser gives it, with the first bytes of a JPEG if nothing else is said. */
function file(path, head = "ffd8ff") {
  const bytes = Uint8Array.from(head.match(/../g) ?? [], (two) => Number.parseInt(two, 16));
  return Object.assign(new Blob([bytes]), { webkitRelativePath: path });
}
const chosen = (...paths) => paths.map((path) => file(path));
const below = (one) => one.webkitRelativePath.split("/").slice(1).join("/");
const said = async (files) => leftOut(await sortFiles(files));

for (const { what, files, boxes, heads = {}, loose = [], others = [], empty = [] } of CASES)
  test(`as in Python: ${what}`, async () => {
    const given = files.map((path) => file(`shells/${path}`, heads[path]));
    for (const order of [given, given.toReversed()]) {
      const found = await sortFiles(order);
      const named = [...found.boxes].map(([name, of]) => [name, of.map(below)]);
      assert.deepEqual(named, Object.entries(boxes));
      assert.deepEqual([found.loose, found.others, found.empty], [loose, others, empty]);
      assert.equal(found.folder, "shells");
    }
  });

test("only files whose names say nothing are looked into", async () => {
  const sound = file("shells/tulip/1.jpg");
  sound.slice = () => assert.fail("it was looked into");
  const closed = file("shells/tulip/2");
  closed.slice = () => {
    throw new Error("it may not be read");
  };
  const { boxes, others } = await sortFiles([sound, closed]);
  assert.deepEqual([boxes.get("tulip"), others], [[sound], ["tulip/2"]]);
});

test("photographs in no folder of a class are counted and named", async () => {
  assert.deepEqual(await said(chosen("my shells/1.jpg", "my shells/tulip/1.jpg")), [
    "1 photograph lies directly in \u2018my shells\u2019, in no folder of a class, and is left out (1.jpg): drop it into the box of its class.",
  ]);
  const many = chosen(...Array.from({ length: 1203 }, (_, n) => `shells/${n}.png`));
  assert.deepEqual(await said(many), [
    "\u2018shells\u2019 holds no folder with photographs: put those of each class into a folder of its own, and choose the folder that holds these.",
    "1203 photographs lie directly in \u2018shells\u2019, in no folder of a class, and are left out (0.png, 1.png, 10.png and 1,200 more): drop them into the boxes of their classes.",
  ]);
});

test("who chose one level too high is told which folder counts", async () => {
  const deep = chosen("shells/train/cone/1.jpg", "shells/train/tulip/day 1/1.jpg");
  assert.deepEqual(await said(deep), [
    "All photographs lie in folders inside those of the classes, as in \u2018train/cone\u2019, and the outer folder counts: if the inner ones are your classes, choose \u2018train\u2019 itself.",
  ]);
  assert.deepEqual(await said([...deep, ...chosen("shells/train/1.jpg")]), []);
});

test("files of other kinds, and empty ones, are said with a way out", async () => {
  const empty = [file("shells/tulip/2.jpg", ""), file("shells/tulip/day/3.jpg", "")];
  const sound = file("shells/tulip/1.jpg");
  assert.deepEqual(await said([file("shells/tulip/raw.cr2", "00"), sound, ...empty]), [
    "1 file is left out (tulip/raw.cr2), since it is no photograph that can be read: save photographs of other kinds as JPEG or PNG.",
    "2 files are left out (tulip/2.jpg, tulip/day/3.jpg), since they are empty (0 bytes): copy or download them again.",
  ]);
  assert.deepEqual(await said([sound]), []);
});

test("a name that is written from right to left does not turn the sentence", async () => {
  const sentences = await said(chosen("\u05d0/\u05d1.jpg"));
  assert.match(sentences[1], /\u2018\u2068\u05d0\u2069\u2019.*\(\u2068\u05d1\.jpg\u2069\)/);
});
