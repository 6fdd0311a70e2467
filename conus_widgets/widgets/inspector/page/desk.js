// The head and the foot of the inspector: whose desk it is, how far the review is, what to take home.

import { make } from "../../live/page/elements.js";
import { enterSaves } from "./forms.js";
import { waitingWords } from "./wording.js";

const PAPERS = [
  ["report", "Report", "to print, HTML: inspector.report(path)"],
  ["identifications", "Identifications", "Darwin Core, CSV: inspector.identifications(path)"],
  ["labels", "Labels", "for the next training, CSV: inspector.labels(path)"],
];

/** `sign(name, orcid)` when somebody signs; `again()` sends once more what waits. */
export function makeHead({ sign, again, download }) {
  const element = make("div", "ci-head");
  const title = make("h2", "ci-collection");
  const about = make("p", "ci-about");
  const accuracy = make("p", "ci-accuracy");
  const progress = make("p", "ci-progress");
  const person = make("form", "ci-person", "", { "aria-label": "Who judges" });
  const name = make("input", "cw-text", "", {
    type: "text",
    maxlength: "100",
    placeholder: "Your name",
    "aria-label": "Your name",
    autocomplete: "name",
  });
  const orcid = make("input", "cw-text", "", {
    type: "text",
    maxlength: "19",
    placeholder: "ORCID, if you have one",
    "aria-label": "ORCID, if you have one",
  });
  const enter = make("button", "cw-button cw-primary", "Sign", { type: "submit" });
  const signed = make("span", "ci-signed");
  const other = make("button", "ci-link", "somebody else", { type: "button" });
  const waiting = make("div", "ci-waiting", "", { role: "alert", hidden: "" });
  const words = make("span");
  const retry = make("button", "cw-button", "Try again", { type: "button" });
  const save = make("button", "cw-button", "Download them", { type: "button" });
  const left = make("div");
  const right = make("div", "ci-who");
  person.append(name, orcid, enter);
  right.append(person, signed, other, progress);
  left.append(title, about, accuracy);
  waiting.append(words, retry, save);
  element.append(left, right, waiting);
  enterSaves(person);
  person.addEventListener("submit", (event) => {
    event.preventDefault();
    if (name.value.trim()) sign(name.value.trim(), orcid.value.trim());
  });
  other.addEventListener("click", () => {
    person.hidden = false;
    name.focus();
  });
  retry.addEventListener("click", again);
  save.addEventListener("click", download);

  return {
    element,
    askName() {
      person.hidden = false;
      name.focus();
    },
    state(news) {
      title.textContent = news.title;
      about.textContent = [
        `${news.photographs.toLocaleString("en")} photographs of ${news.specimens.toLocaleString("en")} specimens`,
        `network ${news.network_name}`,
        news.notice,
        news.grouped ? "" : "nothing says which photographs show the same specimen",
      ]
        .filter(Boolean)
        .join(" · ");
      name.value = news.reviewer;
      orcid.value = news.orcid;
      accuracy.hidden = news.blind;
      person.hidden = Boolean(news.reviewer);
      signed.textContent = news.reviewer ? `Reviewer: ${news.reviewer}` : "Sign before you judge.";
      other.hidden = !news.reviewer || news.blind;
    },
    numbers({
      right: { part, whole, low, high },
      progress: done,
      others_hidden: hidden,
      agreement,
    }) {
      const percent = (share) => `${(100 * share).toFixed(0)} %`;
      accuracy.textContent = whole
        ? `${part.toLocaleString("en")} of ${whole.toLocaleString("en")} named as their labels say: ${percent(part / whole)} (${percent(low)} to ${percent(high)})`
        : "No label is a class of this network.";
      progress.textContent = [
        done,
        hidden ? `what others said of ${hidden} cases is hidden until you have judged them` : "",
        ...agreement.map(
          ({ by, kappa, cases }) =>
            `agreement with ${by}: kappa ${kappa === null ? "not defined" : kappa.toFixed(2)} on ${cases}`,
        ),
      ]
        .filter(Boolean)
        .join(" · ");
    },
    waiting(count, how) {
      waiting.hidden = !count;
      words.textContent = waitingWords(count, how);
      waiting.classList.toggle("ci-urgent", Boolean(how.problem || how.gone || !how.lasts));
      retry.hidden = how.gone || !how.problem;
      save.hidden = !(how.problem || how.gone || !how.lasts);
    },
  };
}

/** `paper(kind)`, `log()` and `upload(file)` when somebody presses a button. */
export function makeFoot({ paper, log, upload }) {
  const element = make("div", "ci-foot");
  const bar = make("div", "ci-tools");
  const note = make("p", "cw-hint");
  const file = make("input", "", "", {
    type: "file",
    accept: ".jsonl,application/json,text/plain",
    hidden: "",
    tabindex: "-1",
    "aria-label": "A log of verdicts",
  });
  const button = (text, title, call) => {
    const made = make("button", "cw-button", text, { type: "button", title });
    made.addEventListener("click", call);
    bar.append(made);
    return made;
  };
  const others = PAPERS.map(([kind, text, title]) => button(text, title, () => paper(kind)));
  others.push(
    button("Download the log", "all verdicts, JSON lines: inspector.download_log(path)", log),
  );
  const merge = button(
    "Upload a log ...",
    "merge a log that was downloaded: inspector.upload_log(path)",
    () => file.click(),
  );
  file.addEventListener("change", () => {
    if (file.files.length) upload(file.files[0]);
    file.value = "";
  });
  element.append(bar, file, note);
  return {
    element,
    /** Papers and the log would tell what a blind review must not know. */
    blind() {
      for (const one of [...others, note]) one.hidden = true;
      merge.textContent = "Upload decisions ...";
      merge.title = "that were downloaded here: inspector.upload_log(path)";
    },
    state({ folder, damaged }) {
      note.textContent = [
        folder
          ? `Verdicts are kept in ${folder}.`
          : "Verdicts are kept on the server until you leave this page: download the log.",
        folder && "On Binder files go with the session, after ten idle minutes: download the log.",
        damaged.length
          ? `${damaged.length} lines of the log cannot be read (${damaged[0]}); the others count.`
          : "",
      ]
        .filter(Boolean)
        .join(" ");
    },
  };
}
