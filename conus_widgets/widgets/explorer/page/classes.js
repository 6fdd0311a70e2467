// The classes: a ranked list with bars, in which A and B are chosen; beside it an area's numbers.

import { make, set, whenNews } from "../../live/page/elements.js";
import { isolated, percentText, signedText } from "../../live/page/words.js";
import { makeLine } from "./menus.js";
import { areaShares, matching, ranking, softmaxOf } from "./numbers.js";

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

const TITLES = [
  ["class", ""],
  ["", "A: explain this class. B: rather than that one.", "A or B"],
  ["", "", "probability as a bar"],
  ["probability", ""],
  ["logit", "What the network computes, before it becomes a probability"],
  ["share", "What the map attributes to the area: cells, weighed by their part inside"],
  ["checked", "The logit minus the logit with the area covered, by running the network again"],
];

/** The card of the classes. */
export function makeClasses(app) {
  const element = make("section", "cx-card cx-classes", "", { "aria-label": "Classes" });
  const [question, search] = [makeQuestion(app), makeSearch(app)];
  const legend = make("div", "cx-quiet", "A: explained. B: rather than this one, if you like.");
  const list = makeList(app);
  const more = make("div", "cx-quiet");
  const verdict = makeVerdict(app);
  element.append(question.element, legend, search, list.element, more, ...verdict.elements);

  function refresh() {
    const sight = app.sight();
    set(element, { hidden: !sight });
    if (!sight) return;
    const query = search.value.trim();
    const order = ranking(sight.logits);
    const now = app.covered() ?? sight.logits;
    const found = query ? matching(order, app.network.labels, query) : order;
    const shown = query ? found.slice(0, FOUND) : mostOf(order, now, app.pane().choice);
    question.refresh();
    list.refresh(sight, now, shown);
    set(more, { textContent: restText(found.length - shown.length, shown.length) });
    verdict.refresh(order[0], ranking(now)[0]);
  }
  return { element, refresh };
}

/** The first classes, those that are chosen, and the first one with the area covered. */
function mostOf(order, now, { target, against }) {
  const wanted = new Set(order.slice(0, SHOWN));
  for (const number of [target, against, ranking(now)[0]]) if (number !== null) wanted.add(number);
  return order.filter((number) => wanted.has(number));
}

function restText(rest, shown) {
  if (rest > 0) return `and ${rest} more: type a part of the name above`;
  return shown ? "" : "No class has such a name.";
}

/** "Why A rather than B?" */
function makeQuestion(app) {
  const element = make("div", "cx-question");
  const ask = whenNews((first, rival) => {
    if (first === null) return element.replaceChildren("Which class? Choose one with A.");
    element.replaceChildren("Why ", make("strong", "", first));
    if (rival !== null) element.append(" rather than ", make("strong", "", rival));
    element.append("?");
  });
  const nameOf = (number) => (number === null ? null : app.network.labels[number]);
  const refresh = () => {
    const { target, against } = app.pane().choice;
    ask(nameOf(target), nameOf(against));
  };
  return { element, refresh };
}

function makeSearch(app) {
  const search = make("input", "cw-text cx-search", "", {
    type: "search",
    placeholder: "Find a class",
    "aria-label": "Find a class",
  });
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
  return search;
}

/** The table of classes. */
function makeList(app) {
  const element = make("table", "cx-table");
  const [thead, heads, body] = [make("thead"), make("tr"), make("tbody")];
  for (const [index, [text, title, heard]] of TITLES.entries()) {
    const head = make("th", index > 2 ? "cx-number" : "", text, { scope: "col" });
    if (title) head.title = title;
    if (heard) head.append(make("span", "cw-heard", heard));
    heads.append(head);
  }
  thead.append(heads);
  element.append(thead, body);
  const rows = [];

  /** `now`: the logits to show; `shown`: numbers of classes, in their order. */
  function refresh(sight, now, shown) {
    const { target, against } = app.pane().choice;
    const [probabilities, before] = [softmaxOf(now), softmaxOf(sight.logits)];
    const weights = app.areaWeights();
    const shares = weights && areaShares(sight, weights);
    const [covered, top] = [app.covered(), ranking(now)[0]];
    while (rows.length < shown.length) {
      rows.push(makeClassRow(app));
      body.append(rows[rows.length - 1].element);
    }
    // Rows stay in place, so that a button that has the focus keeps it.
    for (const [index, row] of rows.entries()) set(row.element, { hidden: index >= shown.length });
    for (const [index, number] of shown.entries()) {
      rows[index].update({
        number,
        label: app.network.labels[number],
        probability: probabilities[number],
        was: before[number],
        logit: now[number],
        share: shares && shares[number],
        change: covered && sight.logits[number] - covered[number],
        isA: number === target,
        isB: number === against,
        top: number === top,
      });
    }
    element.classList.toggle("cx-covered", Boolean(weights));
    element.classList.toggle("cx-awaiting", app.isAwaiting());
    set(element, { "aria-busy": String(app.isAwaiting()) });
  }
  return { element, refresh };
}

/** What covering changed: a sentence, and the line of Python that gives the numbers again. */
function makeVerdict(app) {
  const sentence = make("div", "cx-verdict");
  const python = makeLine(
    "Python that gives these numbers again",
    "Copy the line of these numbers",
    app.say,
  );
  const row = make("div", "cx-controls cx-again");
  row.append(python.line, python.copy);
  /** `first`: the class that was the first one; `top`: the one that is. */
  const refresh = (first, top) => {
    const covered = app.isCovered();
    for (const element of [sentence, row]) set(element, { hidden: !covered });
    sentence.classList.toggle("cx-flipped", covered && first !== top);
    if (!covered) return;
    set(sentence, { textContent: verdictText(app, first, top) });
    const line = app.evidenceLine();
    if (line) set(python.line, { value: line });
    set(python.copy, { disabled: !line || app.gone() });
  };
  return { elements: [sentence, row], refresh };
}

function verdictText(app, first, top) {
  const part = `${(100 * app.area.fraction()).toFixed(1)} % of the photograph covered`;
  if (!app.covered()) return `${part}${app.isAwaiting() ? " ..." : ", not checked."}`;
  const [was, is] = [first, top].map((number) => isolated(app.network.labels[number]));
  return first === top ? `${part}: still ${is}.` : `${part}: ${was} became ${is}.`;
}
