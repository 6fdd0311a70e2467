// Numbers beside the photograph: the cell under the pointer, the sum of all cells, the pinned cells.

import { make, set, whenNews } from "../../live/page/elements.js";
import { isolated, signedText } from "../../live/page/words.js";
import { cellAt } from "./geometry.js";
import { camOf, speaks, sumsOf } from "./numbers.js";

/** Sets a table's body: an array of rows, each an array of texts or elements. */
function fillTable(body, rows) {
  body.replaceChildren(
    ...rows.map((cells) => {
      const row = make("tr");
      for (const [index, content] of cells.entries()) {
        const cell = make(
          index ? "td" : "th",
          index ? "cx-number" : "cx-label",
          "",
          index ? {} : { scope: "row" },
        );
        cell.append(content);
        row.append(cell);
      }
      return row;
    }),
  );
}

const listed = (items, labels) =>
  items.map(({ number, value }) => [labels[number], signedText(value)]);

/** The cell under the pointer. */
export function makeReadout(app) {
  const element = make("section", "cx-card cx-readout", "", {
    "aria-label": "The cell under the pointer",
  });
  const place = make("div", "cx-place");
  const value = make("div", "cx-value");
  const both = make("div", "cx-both");
  const sides = ["speaks for", "speaks against"].map((title) => {
    const [side, table, body] = [make("div"), make("table", "cx-table"), make("tbody")];
    table.append(body);
    side.append(make("div", "cx-quiet", title), table);
    both.append(side);
    return whenNews((rows) => fillTable(body, rows));
  });
  const note = make("div", "cx-quiet");
  element.append(place, value, both, note);
  const write = whenNews((where, what, why) => {
    [place.textContent, value.textContent, note.textContent] = [where, what, why];
  });

  function refresh() {
    const sight = app.sight();
    set(element, { hidden: !sight });
    if (!sight) return;
    const { cursor, network } = app;
    for (const part of [both, value]) set(part, { hidden: !cursor });
    if (!cursor) {
      set(note, { hidden: false });
      write("No cell yet", "", "Point at the photograph, or press an arrow key on it.");
      return;
    }
    const { map } = app.pane();
    const cell = cellAt(cursor, sight.rows, sight.columns);
    const here = map ? cellAt(cursor, map.rows, map.columns) : cell;
    const grid = map ?? sight;
    write(
      `Row ${here.row + 1}, column ${here.column + 1} of ${grid.rows} × ${grid.columns}`,
      map
        ? `${signedText(map.values[here.row * map.columns + here.column], "free")} ${map.unit}`
        : "No map yet",
      `Classes: from its cell in ${sight.layer}, row ${cell.row + 1}, column ${cell.column + 1} of ${sight.rows} × ${sight.columns}.`,
    );
    const said = speaks(sight, cell.row * sight.columns + cell.column);
    sides[0](listed(said.for, network.labels));
    sides[1](listed(said.against, network.labels));
    const same = map && map.rows === sight.rows && map.columns === sight.columns;
    set(note, { hidden: Boolean(same) });
  }
  return { element, refresh };
}

/** All cells and the bias add up to the logit. */
export function makeSum(app) {
  const element = make("section", "cx-card cx-sum", "", { "aria-label": "The sum" });
  const [table, body] = [make("table", "cx-table"), make("tbody")];
  const title = make("div", "cx-title", "Adds up to the logit");
  table.append(body);
  element.append(title, table);
  const write = whenNews((heading, rows) => {
    title.textContent = heading;
    fillTable(body, rows);
  });
  const refresh = () => {
    const sight = app.sight();
    const { target, against } = app.pane().choice;
    const none = !sight || target === null; // a class that does not exist was asked for
    set(element, { hidden: none });
    if (none) return;
    const sums = sumsOf(sight, target, against);
    const [what, whole] =
      against === null
        ? ["bias", "logit"]
        : ["difference of the biases", "difference of the logits"];
    write(against === null ? "Adds up to the logit" : "Adds up to the difference of the logits", [
      ["cells that speak for", signedText(sums.positive)],
      ["cells that speak against", signedText(sums.negative)],
      [what, signedText(sums.bias)],
      [whole, signedText(sums.logit)],
    ]);
  };
  return { element, refresh };
}

/** Pinned cells side by side. */
export function makePins(app) {
  const element = make("section", "cx-card cx-pins", "", { "aria-label": "Pinned cells" });
  const table = make("table", "cx-table");
  const [head, body, titles] = [make("thead"), make("tbody"), make("tr")];
  head.append(titles);
  table.append(head, body);
  const hint = make(
    "div",
    "cx-quiet",
    "Click a cell, or press Enter on it, to pin it here and compare.",
  );
  let drawn = "";
  element.append(make("div", "cx-title", "Pinned cells"), table, hint);

  function refresh() {
    const sight = app.sight();
    set(element, { hidden: !sight });
    if (!sight) return;
    const { target, against } = app.pane().choice;
    const { labels } = app.network;
    const pins = app.pinsHere();
    const now = JSON.stringify([pins, target, against, sight.number]);
    if (now === drawn) return; // so that a button that has the focus keeps it
    drawn = now;
    hint.hidden = pins.length > 0;
    table.hidden = pins.length === 0;
    const numbers = [target, against].filter((number) => number !== null);
    const columns = ["cell", ...numbers.map((number) => labels[number])];
    if (numbers.length > 1) columns.push("difference");
    columns.push("most for", "most against");
    const last = make("th", "", "", { scope: "col" });
    last.append(make("span", "cw-heard", "unpin"));
    titles.replaceChildren(
      ...columns.map((text, index) => {
        const title = make("th", index ? "cx-number" : "", "", { scope: "col", title: text });
        title.append(make("span", "", text));
        return title;
      }),
      last,
    );
    fillTable(
      body,
      pins.map(([order, pin]) => {
        const cell = pin.row * sight.columns + pin.column;
        const values = numbers.map((number) => camOf(sight, number)[cell]);
        if (numbers.length > 1) values.push(values[0] - values[1]);
        const said = speaks(sight, cell, 1);
        const most = [said.for[0], said.against[0]].map((one) =>
          one ? `${isolated(labels[one.number])} ${signedText(one.value)}` : "none",
        );
        const name = `row ${pin.row + 1}, column ${pin.column + 1}`;
        const remove = make("button", "cw-remove", "\u00d7", {
          type: "button",
          "aria-label": `Unpin ${name}`,
          title: "Unpin",
        });
        remove.addEventListener("click", () => app.pin(pin));
        return [`${order}: ${name}`, ...values.map((value) => signedText(value)), ...most, remove];
      }),
    );
  }
  return { element, refresh };
}
