// A case on the page: the specimen, its names, its neighbours, and the verdict.

import { make } from "../../live/page/elements.js";
import { makeNeighbours } from "./neighbours.js";
import { showRanking } from "./ranking.js";
import { makeStage } from "./stage.js";
import { makeVerdicts } from "./verdicts.js";
import { explorerLine } from "./wording.js";

/** A name with its probability, as a bar. */
function makeNamed(title) {
  const element = make("div", "ci-named");
  const name = make("div", "ci-named-name");
  const percent = make("div", "ci-named-percent");
  const bar = make("span", "ci-meter", "", { "aria-hidden": "true" });
  const fill = make("span", "ci-meter-fill");
  bar.append(fill);
  element.append(make("div", "ci-named-title", title), name, percent, bar);
  return {
    element,
    show(text, share, part) {
      name.textContent = text || "none";
      percent.textContent = share;
      fill.style.width = `${100 * part}%`;
      bar.hidden = !share;
    },
  };
}

/** `calls` are what the controller does: judge, note, undo, back, step, choose, match, explore ... */
export function makeCase({ pictures, calls }) {
  const element = make("section", "ci-case", "", { tabindex: "-1", "aria-label": "Case" });
  const head = make("div", "ci-bar ci-case-head");
  const back = make("button", "cw-button", "\u2039 Back to the list", { type: "button" });
  const title = make("h3", "ci-case-name");
  const position = make("span", "ci-position");
  const before = make("button", "cw-button", "\u2039 Previous", {
    type: "button",
    title: "Key: \u2190",
  });
  const after = make("button", "cw-button", "Next \u203a", {
    type: "button",
    title: "Key: \u2192",
  });
  const stage = makeStage({ pictures, chosen: calls.choose, painted: calls.painted });
  const given = makeNamed("Label");
  const named = makeNamed("Network");
  const names = make("div", "ci-names");
  const ranking = make("ol", "ci-ranking", "", { "aria-label": "The network's first classes" });
  const facts = make("ul", "ci-facts");
  const verdicts = makeVerdicts(calls);
  const neighbours = makeNeighbours({ pictures, match: calls.match, visit: calls.visit });
  const explore = make("div", "ci-explore");
  const open = make("button", "cw-button", "Open in Explorer", { type: "button" });
  const line = make("code", "ci-line", "", { hidden: "", tabindex: "0" });
  const copy = make("button", "cw-button", "Copy this line", { type: "button", hidden: "" });
  const columns = make("div", "ci-columns");
  const right = make("div", "ci-right");
  // What is said of a verdict stands elsewhere, so that it is not wiped out by the next case.
  const spoken = make("div", "cw-heard", "", { role: "status" });
  let about = null;

  explore.append(open, line, copy);
  names.append(given.element, named.element);
  head.append(back, title, position, before, after);
  const below = make("div", "ci-below");
  below.append(ranking, facts);
  right.append(names, verdicts.element);
  columns.append(stage.element, right, below);
  element.append(spoken, head, columns, neighbours.element, explore);

  back.addEventListener("click", calls.back);
  before.addEventListener("click", () => calls.step(-1));
  after.addEventListener("click", () => calls.step(1));
  open.addEventListener("click", () => {
    const one = about.photographs.find(({ number }) => number === stage.photograph());
    line.textContent = explorerLine(one.path, about.named.name, about.against.name);
    line.hidden = copy.hidden = false;
    copy.textContent = "Copy this line";
    calls.explore();
  });
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(line.textContent);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(line); // no clipboard without a secure address
      copy.textContent = "Selected: copy it with Ctrl + C";
    }
  });

  function showFacts(news) {
    const lines = [news.agreement];
    if (news.set) {
      const share = Math.round(100 * news.set.confidence);
      lines.push(
        news.set.names.length
          ? `Last layers that never saw this specimen cannot rule out, at ${share} %: ${news.set.names.join(", ")}.`
          : `At ${share} % every class is ruled out: it is unlike all of them.`,
        news.set.sentence,
      );
    }
    if (news.doubt)
      lines.push(
        `Of all labels, this one is number ${news.doubt.place} of ${news.doubt.of} to be doubted.`,
      );
    if (!news.counted && news.answer) lines.push("It does not count in the matrix.");
    for (const [what, value] of news.known) lines.push(`${what}: ${value}`);
    facts.replaceChildren(...lines.filter(Boolean).map((text) => make("li", "", text)));
  }

  return {
    element,
    stage,
    verdicts,
    neighbours,
    show(news, { index, total }) {
      about = news;
      element.classList.remove("ci-awaiting");
      title.textContent = news.name;
      position.textContent = total ? `${index + 1} of ${total}` : "";
      before.disabled = index <= 0;
      after.disabled = index >= total - 1;
      given.show(news.given.name, news.given.percent, news.given.part);
      named.show(news.named.name, news.named.percent, news.named.part);
      showRanking(ranking, news.top);
      names.classList.toggle("ci-agree", news.given.class === news.named.class);
      showFacts(news);
      verdicts.show(news);
      explore.hidden = !news.answer;
      line.hidden = copy.hidden = true;
      const said = `Case ${news.name}: label ${news.given.name || "none"}, network ${news.named.name || "no answer"} ${news.named.percent}`;
      element.setAttribute("aria-label", said);
      spoken.textContent = said;
    },
    /** What has changed of the case that is shown, without moving anything else. */
    renew(news) {
      about = news;
      showFacts(news);
      verdicts.show(news);
    },
    /** Another case is asked for, which is not there yet; what is still seen is not to be judged. */
    wait({ index, total }) {
      element.classList.add("ci-awaiting");
      verdicts.wait();
      position.textContent = `${total ? `${index + 1} of ${total}: ` : ""}being opened ...`;
      spoken.textContent = "Being opened ...";
    },
    focus: () => element.focus({ preventScroll: true }),
  };
}
