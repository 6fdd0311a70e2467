// The classes: a ranked list with bars, in which A and B are chosen; beside it a region's numbers.

import { make, set, whenNews } from "../../live/page/elements.js";
import {
  isolated,
  matching,
  percentText,
  ranking,
  regionShares,
  signedText,
  softmaxOf,
} from "./numbers.js";

const SHOWN = 8;
const FOUND = 40;

function makeClassRow(app) {
  const row = make("tr", "cx-class");
  const name = make("button", "cx-name", "", { type: "button" });
  const [a, b] = ["A", "B"].map((letter) =>
    make("button", "cx-letter", letter, { type: "button" }),
  );
  const bar = make("div", "cx-bar", "", { "aria-hidden": "true" });
  const fill = make("span", "cx-fill");
  const before = make("span", "cx-before");
  bar.append(fill, before);
  const cells = {};
  const cell = (key, className, ...children) => {
    cells[key] = make("td", className);
    cells[key].append(...children);
    row.append(cells[key]);
  };
  const head = make("th", "cx-label", "", { scope: "row" });
  head.append(name);
  row.append(head);
  cell("letters", "cx-letters", a, b);
  cell("bar", "cx-bars", bar);
  for (const key of ["percent", "logit", "share", "change"]) cell(key, "cx-number");
  const item = { element: row, number: -1 };
  name.addEventListener("click", () => app.explain(item.number));
  a.addEventListener("click", () => app.explain(item.number));
  b.addEventListener("click", () => app.hold(item.number));
  item.update = whenNews(
    ({ number, label, probability, was, logit, share, change, isA, isB, top }) => {
      item.number = number;
      row.dataset.number = number;
      row.classList.toggle("cx-top", top);
      set(name, { textContent: label, title: label });
      set(a, { "aria-pressed": String(isA), "aria-label": `Explain ${label}` });
      set(b, { "aria-pressed": String(isB), "aria-label": `rather than ${label}`, disabled: isA });
      fill.style.width = `${100 * probability}%`;
      before.style.left = `${100 * was}%`;
      set(before, { hidden: change === null });
      set(cells.percent, { textContent: percentText(probability) });
      set(cells.logit, { textContent: signedText(logit) });
      set(cells.share, { textContent: share === null ? "" : signedText(share) });
      set(cells.change, { textContent: change === null ? "" : signedText(change) });
    },
  );
  return item;
}

export function makeClasses(app) {
  const element = make("section", "cx-card cx-classes", "", { "aria-label": "Classes" });
  const question = make("div", "cx-question");
  const legend = make("div", "cx-quiet", "A: explained. B: rather than this one, if you like.");
  const search = make("input", "cx-search", "", {
    type: "search",
    placeholder: "Find a class",
    "aria-label": "Find a class",
  });
  const table = make("table", "cx-table");
  const heads = make("tr");
  const titles = [
    ["class", ""],
    ["", "A: explain this class. B: rather than that one."],
    ["", ""],
    ["probability", ""],
    ["logit", "What the network computes, before it becomes a probability"],
    ["share", "What the map attributes to the region: cells, weighed by their area inside"],
    ["checked", "The logit minus the logit with the region covered, by running the network again"],
  ];
  for (const [index, [text, title]] of titles.entries()) {
    const head = make("th", index > 2 ? "cx-number" : "", text, { scope: "col" });
    if (title) head.title = title;
    heads.append(head);
  }
  const [thead, body] = [make("thead"), make("tbody")];
  thead.append(heads);
  table.append(thead, body);
  const more = make("div", "cx-quiet");
  const verdict = make("div", "cx-verdict");
  element.append(question, legend, search, table, more, verdict);
  const rows = [];
  search.addEventListener("input", app.changed);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && app.sight()) {
      // Not the first row: who types fast is ahead of the drawing.
      const [first] = matching(ranking(app.sight().logits), app.network.labels, search.value);
      if (first !== undefined) app.explain(first);
    }
    if (event.key === "Escape" && search.value) {
      search.value = "";
      app.changed();
      event.stopPropagation();
    }
  });

  const ask = whenNews((first, rival) => {
    if (first === null) return question.replaceChildren("Which class? Choose one with A.");
    question.replaceChildren("Why ", make("strong", "", first));
    if (rival !== null) question.append(" rather than ", make("strong", "", rival));
    question.append("?");
  });
  const write = whenNews((rest, result) => {
    set(more, { textContent: rest });
    set(verdict, { textContent: result });
  });

  const chosen = (order, now, { target, against }) => {
    if (search.value.trim())
      return matching(order, app.network.labels, search.value).slice(0, FOUND);
    const wanted = new Set(order.slice(0, SHOWN));
    for (const number of [target, against, ranking(now)[0]])
      if (number !== null) wanted.add(number);
    return order.filter((number) => wanted.has(number));
  };

  function refresh() {
    const sight = app.sight();
    set(element, { hidden: !sight });
    if (!sight) return;
    const { choice } = app.pane();
    const { labels } = app.network;
    const covered = app.covered();
    const now = covered ?? sight.logits;
    const [probabilities, before] = [softmaxOf(now), softmaxOf(sight.logits)];
    const region = app.regionWeights();
    const shares = region && regionShares(sight, region);
    const order = ranking(sight.logits);
    const top = ranking(now)[0];
    const shown = chosen(order, now, choice);
    while (rows.length < shown.length) {
      rows.push(makeClassRow(app));
      body.append(rows[rows.length - 1].element);
    }
    // Rows stay in place, so that a button that has the focus keeps it.
    for (const [index, row] of rows.entries()) set(row.element, { hidden: index >= shown.length });
    for (const [index, number] of shown.entries()) {
      rows[index].update({
        number,
        label: labels[number],
        probability: probabilities[number],
        was: before[number],
        logit: now[number],
        share: shares && shares[number],
        change: covered && sight.logits[number] - covered[number],
        isA: number === choice.target,
        isB: number === choice.against,
        top: number === top,
      });
    }
    table.classList.toggle("cx-covered", Boolean(region));
    table.classList.toggle("cx-awaiting", app.isAwaiting());
    set(table, { "aria-busy": String(app.isAwaiting()) });
    const rest =
      (search.value.trim() ? matching(order, labels, search.value) : order).length - shown.length;
    const others =
      rest > 0
        ? `and ${rest} more: type a part of the name above`
        : shown.length
          ? ""
          : "No class is called so.";
    ask(
      choice.target === null ? null : labels[choice.target],
      choice.against === null ? null : labels[choice.against],
    );
    set(verdict, { hidden: !region });
    if (!region) return write(others, "");
    const [was, is] = [order[0], top].map((number) => isolated(labels[number]));
    verdict.classList.toggle("cx-flipped", order[0] !== top);
    const area = `${(100 * app.region.area()).toFixed(1)} % of the photograph covered`;
    write(
      others,
      covered
        ? order[0] === top
          ? `${area}: still ${is}.`
          : `${area}: ${was} became ${is}.`
        : `${area}${app.isAwaiting() ? " ..." : ", not checked."}`,
    );
  }
  return { element, refresh };
}
