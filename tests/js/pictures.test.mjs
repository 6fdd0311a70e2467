import assert from "node:assert/strict";
import test from "node:test";

import { ASK_AGAIN, makePictures } from "../../conus_widgets/widgets/live/page/pictures.js";

const jpeg = new Uint8Array([1, 2, 3]);
const news = (photograph, more = {}) => ({ photograph, large: false, problem: "", ...more });

/** Pictures, and what they asked for. */
function desk() {
  const asked = [];
  return { asked, pictures: makePictures((numbers) => asked.push(numbers)) };
}

test("what many wait for is asked for once, until that is long ago", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1e6 });
  const { asked, pictures } = desk();
  pictures.request(["a", "b"], false);
  const seen = [];
  pictures.when("a", false, ({ url }) => seen.push(url));
  pictures.request(["a", "b", "c"], false);
  assert.deepEqual(asked, [["a", "b"], ["c"]]);
  pictures.take(news("a"), jpeg);
  t.mock.timers.tick(ASK_AGAIN);
  pictures.request(["a", "b"], false);
  assert.deepEqual(asked.at(-1), ["b"]);
  assert.deepEqual(seen, [pictures.get("a", false).url]);
});

test("what this page made need not be asked for", () => {
  const { asked, pictures } = desk();
  pictures.put("a", new Blob([jpeg]));
  const seen = [];
  pictures.when("a", false, (picture) => seen.push(picture));
  assert.equal(asked.length, 0);
  assert.match(seen[0].url, /^blob:/);
  assert.equal(seen[0].problem, "");
});

test("one that cannot be read has a sentence and no address", () => {
  const { pictures } = desk();
  const seen = [];
  pictures.when("a", false, (picture) => seen.push(picture));
  pictures.take(news("a", { problem: "a.jpg is empty." }), new Uint8Array());
  assert.deepEqual([seen[0].url, seen[0].problem], ["", "a.jpg is empty."]);
});

test("who does not wait any more is not called", () => {
  const { pictures } = desk();
  const forget = pictures.when("a", false, () => assert.fail("called"));
  forget();
  pictures.take(news("a"), jpeg);
});

test("of a thousand the newest 500 are held, and the others' memory is given back", (t) => {
  const { pictures } = desk();
  const given = t.mock.method(URL, "revokeObjectURL");
  for (let number = 0; number < 500; number++) pictures.take(news(number), jpeg);
  pictures.get(0, false); // it was used last
  for (let number = 500; number < 999; number++) pictures.take(news(number), jpeg);
  const held = Array.from({ length: 999 }, (_, number) => number).filter((number) =>
    pictures.get(number, false),
  );
  assert.equal(held.length, 500);
  assert.deepEqual(held.slice(0, 2), [0, 500]);
  assert.equal(given.mock.calls.filter(({ arguments: [url] }) => url).length, 499);
});
