// A blind review: a decision before the network's answer is shown, and one after.

import { make } from "../../live/page/elements.js";
import { enterSaves } from "./forms.js";
import { makeGuard } from "./guard.js";
import { showRanking } from "./ranking.js";
import { makeStage } from "./stage.js";
import { VERDICTS } from "./wording.js";

const WITHOUT = VERDICTS.filter(({ kind }) => !["right", "wrong"].includes(kind));
const TITLES = {
  before: "What is it? The network's answer comes after your decision.",
  after: "This is what the network says. Decide once more: keep your name, or change it.",
};

/** `judging` keeps what is decided; `post` and `hasNetwork()` ask for maps. */
export function makeBlind({ pictures, post, judging, hasNetwork }) {
  const element = make("section", "ci-case ci-blind", "", {
    tabindex: "-1",
    "aria-label": "Blind review",
  });
  const guard = makeGuard();
  const stage = makeStage({ pictures, chosen: choose, painted });
  const head = make("div", "ci-bar ci-case-head");
  const place = make("h3", "ci-case-name");
  const progress = make("span", "ci-position");
  const question = make("p", "ci-question", "", { role: "status" });
  const form = make("form", "ci-form", "", { "aria-label": "Your decision" });
  const names = make("datalist", "", "", {
    id: `ci-blind-${Math.random().toString(36).slice(2)}`,
  });
  const name = make("input", "cw-text", "", { type: "text", list: names.id, maxlength: "300" });
  const rank = make("select");
  const qualifier = make("select");
  const save = make("button", "cw-button cw-primary", "Decide", { type: "submit" });
  const others = make("div", "ci-answers", "", { role: "group", "aria-label": "Without a name" });
  const ranking = make("ol", "ci-ranking", "", { "aria-label": "The network's first classes" });
  const undo = make("button", "cw-button", "Undo", { type: "button" });
  const report = make("pre", "ci-report", "", { hidden: "", tabindex: "0" });
  const columns = make("div", "ci-columns");
  const right = make("div", "ci-right");
  let shown = null;
  let said = {}; // the first decision on the case that is shown

  const field = (text, control) => {
    const label = make("label", "ci-field");
    label.append(make("span", "", text), control);
    return label;
  };
  const buttons = make("div", "ci-field-buttons");
  buttons.append(save, undo);
  form.append(field("Name", name), field("Rank", rank), field("Doubt", qualifier), buttons, names);
  for (const { key, kind, text } of WITHOUT) {
    const button = make("button", "ci-answer", "", { type: "button", "aria-keyshortcuts": key });
    button.append(make("kbd", "", key), make("span", "", text));
    button.addEventListener("click", () => decide({ without: kind }));
    others.append(button);
  }
  head.append(place, progress);
  right.append(question, form, others, ranking);
  columns.append(stage.element, right);
  element.append(head, columns, report);
  enterSaves(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (name.value.trim())
      decide({ name: name.value.trim(), rank: rank.value, qualifier: qualifier.value });
  });
  undo.addEventListener("click", () => post("undo_decision"));

  function decide(parts) {
    if (!guard.isOpen() || !shown?.place) return;
    const seen = shown.photographs[0].digest;
    const given = judging.give(
      {
        kind: "decision",
        seen,
        phase: shown.phase,
        seconds: Math.round(10 * guard.seconds()) / 10,
        ...parts,
      },
      `Case ${shown.place}`,
    );
    if (!given) return;
    if (shown.phase === "before") said = { place: shown.place, ...parts };
    guard.close(); // until the next case, or the answer, is there
    others.classList.add("ci-not-yet");
    element.focus({ preventScroll: true });
  }

  function choose(number) {
    guard.close();
    const about = { ...shown, name: `case ${shown.place}`, case: shown.place };
    const isAfter = shown.phase === "after";
    stage.show(about, number, { hasNetwork: isAfter && hasNetwork() });
    const [first, second] = shown.top;
    if (isAfter && hasNetwork() && second)
      post("map", { photograph: number, target: first.class, other: second.class });
  }

  function painted() {
    const of = shown;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (of !== shown) return;
        guard.painted();
        setTimeout(() => others.classList.toggle("ci-not-yet", !guard.isOpen()), 310);
      }),
    );
  }

  return {
    element,
    offer({ ranks, names: all }) {
      const fill = (select, options) =>
        select.replaceChildren(
          ...options.map(([value, text]) => make("option", "", text, { value })),
        );
      fill(
        rank,
        ranks.map((one) => [one, one]),
      );
      fill(qualifier, [
        ["", "none"],
        ["cf.", "cf."],
        ["aff.", "aff."],
        ["?", "?"],
      ]);
      names.replaceChildren(...all.map((one) => make("option", "", "", { value: one })));
    },
    show(news) {
      const isNew = !shown || shown.place !== news.place;
      shown = news;
      progress.textContent = news.progress;
      columns.hidden = !news.place;
      report.hidden = Boolean(news.place);
      report.textContent = news.report;
      place.textContent = news.place
        ? `Case ${news.place} of ${news.total}`
        : "All cases are decided";
      if (!news.place) return;
      question.textContent = TITLES[news.phase];
      if (isNew) {
        name.value = "";
        rank.selectedIndex = qualifier.selectedIndex = 0;
        if (said.place !== news.place) said = {};
      } else if (said.name) name.value = said.name;
      showRanking(ranking, news.top);
      choose(news.photographs[0].number);
      // A key that somebody still holds down must not fall into the field.
      element.focus({ preventScroll: true });
    },
    map(whole) {
      const [first, second] = shown?.top ?? [];
      if (second && whole.photograph === stage.photograph())
        stage.map(whole, first.name, second.name);
    },
    /** Keys: 3 to 6 without a name, "n" into the field. */
    press(event) {
      const typing = ["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName);
      if (typing || event.altKey || event.ctrlKey || event.metaKey) return;
      const answer = WITHOUT.find(({ key }) => key === event.key);
      if (!answer && event.key !== "n") return;
      event.preventDefault();
      event.stopPropagation();
      if (event.repeat) return;
      if (answer) decide({ without: answer.kind });
      else name.focus();
    },
  };
}
