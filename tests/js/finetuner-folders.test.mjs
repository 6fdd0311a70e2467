import assert from "node:assert/strict";
import test from "node:test";

import { className } from "../../conus_widgets/widgets/finetuner/page/folders.js";

test("a photograph's class is the folder that it lies in", () => {
  assert.equal(className("my-shells/tulip/1.jpg"), "tulip");
  assert.equal(className("my-shells/2026/cone/a.HEIC"), "cone");
  assert.equal(className("my-shells/cone/scan", "image/tiff"), "cone");
});

test("what is no photograph, is hidden or lies in no folder has none", () => {
  assert.equal(className("my-shells/1.jpg"), "");
  assert.equal(className("my-shells/tulip/._1.jpg"), "");
  assert.equal(className("my-shells/tulip/notes.txt", "text/plain"), "");
});
