// The verdict bar: six answers, what is said of a wrong label, notes, and what was said before.

import { make, NO_SHORTCUTS } from "../../live/page/elements.js";
import { enterSaves } from "./forms.js";
import { unsavedWords, VERDICTS, when } from "./wording.js";

const LONGEST = 4000; // characters of a note

/**
 * `judge(parts)` is called with what somebody says: {kind, whole} and parts of a verdict; it returns
 * whether it was taken. `note(text, isPair)` and `undo()` likewise.
 */
export function makeVerdicts({ judge, note, undo, showKeys }) {
  const element = make("section", "ci-verdicts", "", { "aria-label": "Verdict" });
  const bar = make("div", "ci-answers", "", { role: "group", "aria-label": "Is the label right?" });
  const scope = make("select");
  const scopeLabel = make("label", "cw-control");
  scopeLabel.append(make("span", "", "About"), scope);
  scope.append(
    make("option", "", "what is usual", { value: "" }),
    make("option", "", "the specimen", { value: "whole" }),
    make("option", "", "this photograph", { value: "photograph" }),
  );
  const tools = make("div", "ci-tools");
  const unsaved = make("p", "ci-unsaved", "", { hidden: "" });
  const said = make("ul", "ci-said", "", { "aria-label": "What was said of this specimen" });
  let classes = [];
  let about = null;

  const whole = ({ photograph }) => (scope.value ? scope.value === "whole" : !photograph);
  const give = (answer) => {
    if (answer.kind === "wrong") return form.open();
    judge({ kind: answer.kind, whole: whole(answer) });
  };
  const buttons = VERDICTS.map((answer) => {
    const button = make("button", "ci-answer", "", {
      type: "button",
      "aria-keyshortcuts": answer.key,
    });
    button.append(make("kbd", "", answer.key), make("span", "", answer.text));
    button.addEventListener("click", () => give(answer));
    bar.append(button);
    return button;
  });
  const form = makeForm();
  const notes = makeNote();
  const tool = (text, key, call) => {
    const button = make("button", "cw-button", text, { type: "button", title: `Key: ${key}` });
    button.addEventListener("click", call);
    tools.append(button);
    return button;
  };
  tools.append(scopeLabel);
  tool("Note", "n", () => notes.open(false));
  const pairButton = tool("Pair note", "Shift + N", () => notes.open(true));
  const undoButton = tool("Undo", "u", undo);
  tool("Keys", "?", showKeys);
  element.append(bar, form.element, notes.element, tools, unsaved, said);

  /** The new name, its rank and doubt, and why it is another one. */
  function makeForm() {
    const box = make("form", "ci-form", "", { hidden: "", "aria-label": "What is right instead" });
    const names = make("datalist", "", "", {
      id: `ci-names-${Math.random().toString(36).slice(2)}`,
    });
    const field = (label, control) => {
      const wrapper = make("label", "ci-field");
      wrapper.append(make("span", "", label), control);
      box.append(wrapper);
      return control;
    };
    const name = field(
      "Right name",
      make("input", "cw-text", "", {
        type: "text",
        list: names.id,
        required: "",
        maxlength: "300",
      }),
    );
    const rank = field("Rank", make("select"));
    const qualifier = field("Doubt", make("select"));
    const nature = field("Why", make("select"));
    const save = make("button", "cw-button cw-primary", "Save", { type: "submit" });
    const cancel = make("button", "cw-button", "Cancel", { type: "button" });
    const buttonsOfForm = make("div", "ci-field-buttons");
    buttonsOfForm.append(save, cancel);
    box.append(buttonsOfForm, names);
    const fill = (select, options) =>
      select.replaceChildren(
        ...options.map(([value, text]) => make("option", "", text, { value })),
      );
    fill(qualifier, [
      ["", "none"],
      ["cf.", "cf. (near, not sure)"],
      ["aff.", "aff. (related, another)"],
      ["?", "? (uncertain)"],
    ]);
    const close = () => {
      box.hidden = true;
    };
    enterSaves(box);
    box.addEventListener("submit", (event) => {
      event.preventDefault();
      const taken = judge({
        kind: "wrong",
        whole: whole({}),
        name: name.value.trim(),
        rank: rank.value,
        qualifier: qualifier.value,
        nature: nature.value,
      });
      if (taken) close();
    });
    cancel.addEventListener("click", () => {
      close();
      buttons[1].focus();
    });
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      cancel.click();
    });
    return {
      element: box,
      close,
      offer({ ranks, natures, names: all }) {
        fill(
          rank,
          ranks.map((one) => [one, one]),
        );
        fill(nature, Object.entries(natures));
        names.replaceChildren(...all.map((one) => make("option", "", "", { value: one })));
      },
      open() {
        if (!about) return;
        box.hidden = false;
        name.value = about.named.name === about.given.name ? "" : about.named.name;
        qualifier.value = "";
        rank.selectedIndex = 0;
        name.focus();
        name.select();
      },
      isOpen: () => !box.hidden,
    };
  }

  function makeNote() {
    const box = make("form", "ci-form", "", { hidden: "", "aria-label": "Note" });
    const label = make("label", "ci-field ci-wide");
    const what = make("span");
    const text = make("textarea", "cw-text", "", {
      rows: "2",
      maxlength: String(LONGEST),
      [NO_SHORTCUTS]: "true",
    });
    const save = make("button", "cw-button cw-primary", "Save the note", { type: "submit" });
    const cancel = make("button", "cw-button", "Cancel", { type: "button" });
    const buttonsOfNote = make("div", "ci-field-buttons");
    let isPair = false;
    label.append(what, text);
    buttonsOfNote.append(save, cancel);
    box.append(label, buttonsOfNote);
    const close = () => {
      box.hidden = true;
      text.value = "";
    };
    enterSaves(box);
    box.addEventListener("submit", (event) => {
      event.preventDefault();
      if (text.value.trim() && note(text.value.trim(), isPair)) close();
    });
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      cancel.click();
    });
    cancel.addEventListener("click", () => {
      close();
      buttons[0].focus();
    });
    return {
      element: box,
      close,
      open(pair) {
        if (!about || (pair && !about.pair.length)) return;
        isPair = pair;
        what.textContent = pair
          ? `What separates ${about.pair.join(" from ")} (Enter saves)`
          : `Note on ${about.name} (Enter saves, Shift + Enter begins a line)`;
        box.hidden = false;
        text.focus();
      },
      isOpen: () => !box.hidden,
    };
  }

  function lineOf({ words, name, note: text, by, at, photograph }) {
    const item = make("li");
    const one = photograph && about.photographs.find(({ digest }) => digest === photograph);
    const where = one ? ` (${one.view || one.file})` : "";
    item.append(
      make("span", "ci-said-what", [words + where, name].filter(Boolean).join(": ")),
      make("span", "ci-said-who", `${by}, ${when(at)}`),
    );
    if (text) item.append(make("p", "ci-said-note", text));
    return item;
  }

  return {
    element,
    offer(news) {
      classes = news.names;
      form.offer({ ...news, names: classes });
    },
    show(news) {
      if (about?.case !== news.case) {
        form.close();
        notes.close();
        scope.value = "";
      }
      about = news;
      pairButton.hidden = !news.pair.length;
      said.replaceChildren(
        ...news.said.map(lineOf),
        ...news.notes.map((line) => lineOf({ ...line, words: `Note on ${news.pair.join(" / ")}` })),
      );
      said.hidden = !said.children.length;
    },
    /** Another case is on its way: nothing is written that would be about the one before. */
    wait() {
      form.close();
      notes.close();
      about = null;
    },
    /** What was said of the case and is not on the disk yet. */
    unsaved(given) {
      unsaved.hidden = !given.length;
      unsaved.textContent = unsavedWords(given);
    },
    /** Whether verdicts are taken now. */
    ready(state) {
      bar.classList.toggle("ci-not-yet", !state);
    },
    undoable(state) {
      undoButton.disabled = !state;
    },
    press(key) {
      const answer = VERDICTS.find((one) => one.key === key);
      if (answer) give(answer);
      return Boolean(answer);
    },
    note: (pair) => notes.open(pair),
    isWriting: () => form.isOpen() || notes.isOpen(),
    focus: () => buttons[0].focus(),
  };
}
