// Lists beside the matrix: confused pairs, other lists of cases, and where errors gather.

import { make } from "../../live/page/elements.js";

const PAIRS = 60; // more are reached by the search
const SLICES = 6;

/** A list of buttons that arrow keys walk. */
function makeButtons(label) {
  const list = make("ul", "ci-buttons", "", { "aria-label": label });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    const buttons = [...list.querySelectorAll("button")];
    const next = buttons[buttons.indexOf(document.activeElement) + step];
    if (!next) return;
    next.focus();
    event.preventDefault();
    event.stopPropagation();
  });
  return list;
}

/** Writes the entries of a list again, and leaves the focus on the entry that had it. */
function refill(list, entries) {
  const had = list.contains(document.activeElement) ? document.activeElement.dataset.entry : null;
  list.replaceChildren(
    ...entries.map(({ key, text, count, note, alarm, open }) => {
      const item = make("li");
      const button = make("button", "ci-entry", "", { type: "button" });
      button.dataset.entry = key;
      button.classList.toggle("ci-alarm", Boolean(alarm));
      button.append(make("span", "ci-entry-name", text));
      if (note) button.append(make("span", "ci-entry-note", note));
      if (count !== undefined) button.append(make("span", "ci-entry-count", String(count)));
      button.addEventListener("click", open);
      item.append(button);
      return item;
    }),
  );
  if (had !== null) {
    const again = [...list.querySelectorAll("button")].find((one) => one.dataset.entry === had);
    (again ?? list.querySelector("button"))?.focus();
  }
}

/** `open(query, title)` is called with a list that somebody opens. */
export function makeLists(open) {
  const element = make("div", "ci-lists");
  const search = make("input", "cw-text ci-search", "", {
    type: "search",
    placeholder: "Find a pair",
    "aria-label": "Find a pair of classes",
  });
  const pairs = makeButtons("Confused pairs");
  const others = makeButtons("Lists of cases");
  const slices = makeButtons("Where errors gather");
  const more = make("p", "cw-hint");
  const study = make("p", "cw-hint");
  const section = (title, ...parts) => {
    const made = make("section", "ci-section", "", { "aria-label": title });
    const bar = make("div", "ci-bar");
    bar.append(make("h3", "ci-title", title));
    if (parts[0].tagName === "INPUT") bar.append(parts.shift());
    made.append(bar, ...parts);
    return made;
  };
  const gathering = section("Where errors gather", slices, study);
  element.append(
    section("Confused pairs", search, pairs, more),
    section("Lists of cases", others),
    gathering,
  );
  let numbers = null;

  function showPairs() {
    const wanted = search.value.trim().toLowerCase();
    const found = numbers.pairs.filter(([a, b]) => `${a} / ${b}`.toLowerCase().includes(wanted));
    refill(
      pairs,
      found.slice(0, PAIRS).map(([a, b, one, two]) => ({
        key: `${a}/${b}`,
        text: `${a} / ${b}`,
        note: one && two ? `${one} + ${two}` : "",
        count: one + two,
        open: () => open({ kind: "pair", a, b }, `${a} / ${b}`),
      })),
    );
    more.textContent = !found.length
      ? "No pair is confused."
      : found.length > PAIRS
        ? `and ${found.length - PAIRS} more: find them by name`
        : "";
  }

  function showStudy() {
    const { study: found } = numbers;
    const count = found.state === "done" ? found.suggestions : undefined;
    const waits = { waiting: "takes some seconds", running: "being computed ..." };
    refill(others, [
      {
        key: "mistakes",
        text: "All mistakes",
        count: numbers.mistakes,
        open: () => open({ kind: "mistakes" }, "All mistakes"),
      },
      {
        key: "suggestions",
        text: "Labels to doubt first",
        note: waits[found.state] ?? "",
        count,
        open: () => open({ kind: "suggestions" }, "Labels to doubt first"),
      },
      {
        key: "disagreements",
        text: "Reviewers disagree",
        count: numbers.disagreements,
        open: () => open({ kind: "disagreements" }, "Reviewers disagree"),
      },
      {
        key: "all",
        text: "All cases",
        open: () => open({ kind: "all" }, "All cases"),
      },
      ...(numbers.unanswered
        ? [
            {
              key: "unanswered",
              text: "Without an answer",
              count: numbers.unanswered,
              open: () => open({ kind: "unanswered" }, "Without an answer"),
            },
          ]
        : []),
    ]);
    const worst = found.slices.filter((one) => one.part > 0).slice(0, SLICES);
    refill(
      slices,
      worst.map(({ what, value, part, whole, rest, worse }) => ({
        key: `${what}/${value}`,
        text: `${what}: ${value}`,
        note: `${Math.round((100 * part) / whole)} % wrong, else ${Math.round(100 * rest)} %`,
        count: part,
        alarm: worse,
        open: () => open({ kind: "slice", a: what, b: value }, `${what}: ${value}`),
      })),
    );
    gathering.hidden = found.state === "waiting";
    study.textContent =
      found.state === "running"
        ? "Being computed ..."
        : [
            worst.some((one) => one.worse)
              ? "Marked: more errors than chance would bring, corrected for how many were looked at."
              : "None has more errors than chance would bring.",
            ...found.problems,
          ].join(" ");
  }

  search.addEventListener("input", () => numbers && showPairs());
  return {
    element,
    show(news) {
      numbers = news;
      showPairs();
      showStudy();
    },
    study(news) {
      if (!numbers) return;
      numbers = { ...numbers, study: news };
      showStudy();
    },
  };
}
