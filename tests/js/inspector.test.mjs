import assert from "node:assert/strict";
import test from "node:test";

const page = "../../conus_widgets/widgets/inspector/page";
const { openOutbox, makeOrder } = await import(`${page}/outbox.js`);
const { makeGuard, GRACE } = await import(`${page}/guard.js`);
const { makeSender, makeUuid } = await import(`${page}/sender.js`);
const { makeAhead } = await import(`${page}/ahead.js`);
const { makeCache } = await import(`${page}/cache.js`);
const { abbreviations, arranged, inSight, MOST, shortName, spoken, tiling } = await import(
  `${page}/grid.js`
);
const { explorerLine, unsavedWords, waitingWords } = await import(`${page}/wording.js`);

/** A storage as browsers have it. */
function storage(most = Infinity) {
  const held = new Map();
  return {
    get length() {
      return held.size;
    },
    key: (index) => [...held.keys()][index],
    getItem: (key) => held.get(key) ?? null,
    setItem(key, value) {
      if (held.size >= most && !held.has(key)) throw new Error("QuotaExceededError");
      held.set(key, value);
    },
    removeItem: (key) => held.delete(key),
  };
}

test("what was not confirmed outlives the page, for its collection and reviewer only", () => {
  const browser = storage();
  const one = openOutbox(browser, "shells", "Ana");
  one.add({ id: "b", order: 2, kind: "right" });
  one.add({ id: "a", order: 1, kind: "wrong" });
  const ids = (collection, by) =>
    openOutbox(browser, collection, by)
      .all()
      .map(({ id }) => id);
  assert.deepEqual(ids("shells", "Ana"), ["a", "b"]);
  assert.deepEqual(ids("shells", "Ben"), []);
  assert.deepEqual(ids("other", "Ana"), []);
  one.remove("a");
  assert.deepEqual(ids("shells", "Ana"), ["b"]);
});

test("two pages of one browser do not overwrite each other's verdicts", () => {
  const browser = storage();
  const [one, two] = [openOutbox(browser, "c", "Ana"), openOutbox(browser, "c", "Ana")];
  one.add({ id: "a", order: 1 });
  two.add({ id: "b", order: 2 });
  one.remove("a");
  assert.deepEqual(openOutbox(browser, "c", "Ana").all(), [{ id: "b", order: 2 }]);
});

test("a storage that is full, damaged or forbidden costs no verdict of this page", () => {
  const full = storage(1);
  const box = openOutbox(full, "c", "Ana");
  box.add({ id: "a", order: 1 });
  assert.equal(box.lasts(), true);
  box.add({ id: "b", order: 2 });
  assert.equal(box.lasts(), false);
  assert.equal(box.all().length, 2);
  const damaged = storage();
  damaged.setItem("conus-verdicts:c:Ana:x", "{half");
  assert.deepEqual(openOutbox(damaged, "c", "Ana").all(), []);
  assert.equal(openOutbox(null, "c", "Ana").lasts(), false);
});

test("orders rise, whatever the clock does", () => {
  const times = [5, 5, 3, 9];
  const next = makeOrder(() => times.shift());
  const found = [next(), next(), next(), next()];
  assert.deepEqual(
    found,
    found.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(found).size, 4);
});

test("the guard opens a while after the case was painted, and never before", () => {
  let now = 1000;
  const guard = makeGuard(() => now);
  assert.equal(guard.isOpen(), false);
  guard.painted();
  now += GRACE - 1;
  assert.equal(guard.isOpen(), false);
  now += 1;
  assert.equal(guard.isOpen(), true);
  guard.close();
  now += 10_000;
  assert.equal(guard.isOpen(), false);
});

test("a verdict is sent until it is confirmed, and then never again", () => {
  let now = 0;
  const sent = [];
  const sender = makeSender({
    send: ({ id }) => sent.push(id),
    changed: () => {},
    isGone: () => false,
    now: () => now,
  });
  const browser = storage();
  openOutbox(browser, "c", "Ana").add({ id: "old", order: 0 });
  sender.open(openOutbox(browser, "c", "Ana"));
  sender.add({ id: "new", order: 1 });
  assert.deepEqual(sent, ["old", "new"]);
  sender.again();
  assert.deepEqual(sent, ["old", "new", "old", "new"]);
  assert.equal(sender.saved("old"), true);
  assert.equal(sender.saved("strange"), false);
  sender.refused("new", "No room.", false);
  assert.equal(sender.how().problem, "No room.");
  sender.again();
  assert.deepEqual(sent.slice(4), ["new"]);
  sender.saved("new");
  assert.equal(sender.how().problem, "");
  assert.deepEqual(openOutbox(browser, "c", "Ana").all(), []);
  now += 1e6;
  sender.again();
  assert.equal(sent.length, 5);
  sender.close();
});

test("what the kernel will never take stays, and is not sent by itself", () => {
  const sent = [];
  const browser = storage();
  const make = () =>
    makeSender({ send: ({ id }) => sent.push(id), changed: () => {}, isGone: () => false });
  const one = make();
  one.open(openOutbox(browser, "c", "Ana"));
  one.add({ id: "a", order: 1 });
  one.refused("a", "No such specimen.", true);
  one.close();
  const two = make();
  two.open(openOutbox(browser, "c", "Ana"));
  assert.deepEqual(sent, ["a"]);
  assert.equal(two.waiting()[0].refused, "No such specimen.");
  two.close();
});

test("UUIDs have their form and differ", () => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const found = Array.from({ length: 200 }, () => makeUuid());
  for (const one of found) assert.match(one, form);
  assert.equal(new Set(found).size, 200);
});

test("a cache forgets what was used longest ago", () => {
  const cache = makeCache(2);
  cache.set("a", 1);
  cache.set("b", 2);
  cache.get("a");
  cache.set("c", 3);
  assert.deepEqual([cache.has("a"), cache.has("b"), cache.has("c")], [true, false, true]);
});

const numbers = (names, cells, genera = names.map(() => ""), classes = names.length) => ({
  names,
  cells,
  genera,
  classes,
});

test("classes are grouped by genus, labels that are none come last", () => {
  const given = numbers(
    ["Conus b", "Aus z", "Conus a", "Bus y", "label x"],
    [[0, 0, 1]],
    ["Conus", "Aus", "Conus", "Bus"],
    4,
  );
  const { rows, columns, left } = arranged(given);
  assert.deepEqual(
    rows.map((n) => given.names[n]),
    ["Aus z", "Bus y", "Conus a", "Conus b", "label x"],
  );
  assert.equal(columns.length, 4);
  assert.equal(left, 0);
});

test("the search keeps what matches and what it is mistaken for", () => {
  const given = numbers(
    ["a1", "b1", "c1", "d1"],
    [
      [0, 2, 3],
      [3, 1, 1],
      [0, 0, 9],
    ],
  );
  assert.deepEqual(arranged(given, "A1").rows, [0, 2]);
  assert.deepEqual(arranged(given, "none").rows, []);
});

test("of very many classes those with mistakes are drawn, and the rest is counted", () => {
  const names = Array.from({ length: 300 }, (_, n) => `class ${n}`);
  const { rows, left } = arranged(numbers(names, [[250, 299, 2]]));
  assert.equal(rows.length, MOST);
  assert.equal(left, 300 - MOST);
  assert.ok(rows.includes(250) && rows.includes(299));
});

test("a cell speaks", () => {
  assert.equal(spoken("textile", "canonicus", 7, 31), "textile, taken for canonicus: 7 of 31");
  assert.equal(spoken("textile", "textile", 24, 31), "textile, named rightly: 24 of 31");
  assert.equal(spoken("textile", "canonicus", 0, 0), "textile: no specimen");
});

test("an abbreviated genus is no other one", () => {
  const starts = abbreviations(["Conus", "Conasprella", "Asprella", "", "Conus"]);
  assert.deepEqual([...starts.values()], ["Conu", "Cona", "A"]);
  assert.equal(shortName("Asprella dalli", "Asprella", "A"), "A. dalli");
  assert.equal(shortName("Conus dalli", "Conus", "Conu"), "Conu. dalli");
  assert.equal(shortName("plain", "", undefined), "plain");
  assert.equal(abbreviations(["Con", "Conus"]).get("Con"), "Con");
});

test("every tile in sight is drawn, and few others", () => {
  for (const width of [120, 700, 2000]) {
    const { across, side, gap } = tiling(width);
    assert.ok(Math.abs(across * side + (across - 1) * gap - width) < 1e-6);
    const rowHeight = side + 60;
    for (const top of [0, 333, 1e5]) {
      const [first, last] = inSight({ top, height: 600, rowHeight, across, total: 10_000 });
      assert.ok(first * 1 <= Math.floor(top / rowHeight) * across);
      assert.ok(last >= Math.min(10_000, Math.ceil((top + 600) / rowHeight) * across));
      assert.ok(last - first <= (Math.ceil(600 / rowHeight) + 4) * across);
    }
  }
});

test("what waits is said with the way out, and quotation marks stay text", () => {
  assert.equal(waitingWords(0, { gone: true, lasts: true }), "");
  assert.match(
    waitingWords(2, { gone: true, lasts: true }),
    /2 verdicts are .* Run this cell again/,
  );
  assert.match(
    waitingWords(1, { gone: false, lasts: false, problem: "Full." }),
    /NOT saved.*Full\./,
  );
  assert.equal(
    explorerLine('a"b.jpg', "A", "B"),
    'Explorer(inspector.predictor, "a\\"b.jpg", target="A", against="B")',
  );
});

test("what was said of a case and is not saved is told in words", () => {
  assert.equal(unsavedWords([]), "");
  const given = [{ kind: "wrong", name: "Conus textile" }, { kind: "note" }, { kind: "undo" }];
  assert.equal(unsavedWords(given), "Not saved yet: label wrong: Conus textile, note, taken back.");
});

test("cases are fetched ahead one by one, in the order of the list, and asked for again if late", () => {
  const here = new Set([5]);
  const asked = [];
  let time = 0;
  const post = (kind, content) => asked.push([kind, content.case, content.ahead]);
  const ahead = makeAhead({ has: (number) => here.has(number), post, now: () => time });
  const list = new Int32Array([9, 5, 7, 3, 8, 6]);
  ahead.fetch(list, -1); // of no list
  ahead.fetch(list, 0);
  ahead.fetch(list, 0); // the first one is still on its way
  assert.deepEqual(asked, [["case", 7, true]]);
  time = 11_000;
  ahead.fetch(list, 0);
  assert.deepEqual(asked.length, 2);
  for (const number of [7, 3, 8]) {
    here.add(number);
    ahead.arrived(number);
    ahead.fetch(list, 0);
  }
  assert.deepEqual(
    asked.map(([, number]) => number),
    [7, 7, 3, 8], // 6 is too far away
  );
});
