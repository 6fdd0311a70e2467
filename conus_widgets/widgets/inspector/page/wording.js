// Words of the inspector. Pure functions: Node tests them.

/** What can be said, by its key on the keyboard. `photograph`: it is about the photograph first. */
export const VERDICTS = [
  { key: "1", kind: "right", text: "Label is right" },
  { key: "2", kind: "wrong", text: "Label is wrong ..." },
  { key: "3", kind: "no class", text: "None of the classes" },
  { key: "4", kind: "not this specimen", text: "Not this specimen", photograph: true },
  { key: "5", kind: "unusable", text: "Photograph unusable", photograph: true },
  { key: "6", kind: "ambiguous", text: "Cannot be told" },
];

const STATES = {
  right: "label right",
  wrong: "label wrong",
  "no class": "none of the classes",
  "not this specimen": "not this specimen",
  unusable: "unusable",
  ambiguous: "cannot be told",
  disagreement: "reviewers disagree",
};

export const stateWords = (state) => STATES[state] ?? "";

/** What is said of verdicts that the disk does not have yet; "" if there are none. */
export function waitingWords(count, { gone, lasts, problem }) {
  if (!count) return "";
  const what = count === 1 ? "1 verdict is" : `${count} verdicts are`;
  const where = lasts
    ? "kept in this browser"
    : "kept by this page only: do not close it, and download them";
  if (problem) return `${what} NOT saved, but ${where}. ${problem}`;
  if (gone) return `${what} not saved yet, but ${where}. Run this cell again: then they are sent.`;
  return `${what} being saved ...`;
}

/** What was said of one case, and is not saved yet; "" if there is nothing. */
export function unsavedWords(given) {
  const words = given.map(({ kind, name }) =>
    [kind === "undo" ? "taken back" : (STATES[kind] ?? kind), name].filter(Boolean).join(": "),
  );
  return words.length ? `Not saved yet: ${words.join(", ")}.` : "";
}

/** "about 20 minutes ago" is not needed: the day and the minute, as the log has them. */
export const when = (at) => at.slice(0, 16).replace("T", " ");

/** The line of Python that opens a photograph in the Explorer. */
export function explorerLine(path, target, against) {
  const text = (value) => JSON.stringify(value);
  return `Explorer(inspector.predictor, ${text(path)}, target=${text(target)}, against=${text(against)})`;
}
