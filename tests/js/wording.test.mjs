import assert from "node:assert/strict";
import test from "node:test";
import * as wording from "../../conus_widgets/widgets/classifier/page/wording.js";

const answer = (label, probability) => ({
  rows: [
    { label, probability },
    { label: "plain", probability: 0 },
  ],
});
const good = (name) => ({ name, answer: answer("tented", 0.924), error: "" });
const bad = { name: "b.jpg", answer: null, error: "b.jpg is damaged; copy it again." };

test("a few photographs are announced by name, with what went wrong", () => {
  const text = wording.announcement({ cards: [good("a.jpg"), bad] });
  assert.equal(text, "a.jpg: tented, 92 percent. b.jpg is damaged; copy it again.");
});

test("many are summed up, the bad ones named", () => {
  const cards = [..."123456"].map((n) => good(`${n}.jpg`));
  assert.equal(wording.announcement({ cards }), "6 photographs classified.");
  const text = wording.announcement({ cards: [...cards, bad] });
  assert.equal(text, "6 photographs classified. 1 cannot be used: b.jpg.");
});

test("a specimen is announced once", () => {
  const specimen = { error: "", answer: answer("banded", 0.5) };
  const text = wording.announcement({ cards: [good("a.jpg"), good("c.jpg"), bad], specimen });
  assert.equal(
    text,
    "One specimen, 2 photographs: banded, 50 percent. b.jpg is damaged; copy it again.",
  );
  assert.equal(
    wording.announcement({ cards: [], specimen: { error: "None can be used." } }),
    "None can be used.",
  );
});

test("stopping says what is left", () => {
  assert.equal(
    wording.announcement({ cards: [], stopped: true, open: 2 }),
    "Stopped: 2 photographs without an answer.",
  );
  assert.equal(wording.announcement({ cards: [], stopped: true }), "Stopped.");
});

test("progress counts the photograph it is at, and never past the last", () => {
  assert.equal(wording.progressText(1, 5, "a.jpg"), "2 of 5: a.jpg");
  assert.equal(wording.progressText(5, 5, "a.jpg"), "5 of 5: a.jpg");
  assert.equal(wording.progressText(0, 1, "a.jpg"), "Looking at a.jpg");
});

test("the menu of views says what each costs, and has the number that Python chose", () => {
  const values = (chosen) => wording.viewsOffered(chosen).map(([n]) => n);
  assert.deepEqual(values(1), [1, 10]);
  assert.deepEqual(values(10), [1, 10]);
  assert.deepEqual(values(3), [1, 3, 10]);
  assert.deepEqual(values(1000), [1, 10, 1000]);
  for (const [n, words] of wording.viewsOffered(1000)) {
    assert.equal(words.startsWith(`${n}: `), true);
    assert.equal(words.includes(`${n} times as long`), n > 1);
  }
});
