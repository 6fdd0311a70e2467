import assert from "node:assert/strict";
import test from "node:test";
import {
  counted,
  footText,
  isolated,
  percentText,
  signedText,
  spokenPercent,
} from "../../conus_widgets/widgets/live/page/words.js";

test("numbers for ears are whole, and never certain", () => {
  assert.equal(spokenPercent(0.924), "92 percent");
  assert.equal(spokenPercent(0.001), "less than 1 percent");
  assert.equal(spokenPercent(0.9999), "more than 99 percent");
});

test("numbers as texts", () => {
  assert.deepEqual(
    [0.829, -0.3, -0.001, 0].map((v) => signedText(v)),
    ["+0.83", "\u22120.30", "0.00", "0.00"],
  );
  assert.equal(signedText(-0.000125, "free"), "\u22121.25e-4");
  assert.equal(signedText(2, "free"), "+2.00");
  assert.deepEqual([0, 0.924, 1].map(percentText), [
    "<\u00a00.1\u00a0%",
    "92.4\u00a0%",
    ">\u00a099.9\u00a0%",
  ]);
});

test("a name from right to left stays among its neighbours, others stay as they are", () => {
  assert.deepEqual(["dark tip", "a <b> & 🐚", "Ångström"].map(isolated), [
    "dark tip",
    "a <b> & 🐚",
    "Ångström",
  ]);
  for (const name of ["مخروط", "שבלול", "\u202edesrever"])
    assert.equal(isolated(name), `\u2068${name}\u2069`);
});

test("one photograph, and several", () => {
  assert.deepEqual([0, 1, 2].map(counted), ["0 photographs", "1 photograph", "2 photographs"]);
});

test("the foot says where photographs stay, and names the network", () => {
  assert.match(footText(""), /^Photographs stay on the machine [^:]*\.$/);
  assert.match(footText("demonstration"), / Network: demonstration\.$/);
});
