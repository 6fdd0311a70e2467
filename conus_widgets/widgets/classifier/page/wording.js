// The wording of answers. Pure functions: Node tests them.

import { counted, spokenPercent } from "../../live/page/words.js";

/** "shell.jpg: tented, 92 percent", or what went wrong. */
export function outcome(name, answer, error) {
  if (error) return error;
  if (!answer) return `${name}: no answer`;
  const [first] = answer.rows;
  return `${name}: ${first.label}, ${spokenPercent(first.probability)}`;
}

/**
 * One sentence or a few for the end of a run. `cards` are those that got an answer or an error in
 * it, `open` is how many were left without one.
 */
export function announcement({ cards, specimen = null, stopped = false, open = 0 }) {
  const failed = cards.filter((card) => card.error);
  const said = [];
  if (specimen) {
    const good = cards.length - failed.length;
    if (specimen.answer) said.push(outcome(`One specimen, ${counted(good)}`, specimen.answer, ""));
    else said.push(specimen.error);
    said.push(...failed.map((card) => card.error).filter((text) => text !== specimen.error));
  } else if (cards.length <= 3) {
    said.push(...cards.map((card) => outcome(card.name, card.answer, card.error)));
  } else {
    const good = cards.length - failed.length;
    said.push(`${counted(good)} classified`);
    if (failed.length)
      said.push(`${failed.length} cannot be used: ${failed.map((c) => c.name).join(", ")}`);
  }
  if (stopped) said.push(open ? `Stopped: ${counted(open)} without an answer` : "Stopped");
  return said.map((text) => text.replace(/[.!?]?$/, (end) => end || ".")).join(" ");
}

/** "2 of 5: shell.jpg" */
export function progressText(settled, total, name) {
  return total > 1 ? `${Math.min(settled + 1, total)} of ${total}: ${name}` : `Looking at ${name}`;
}

/** [[views, words]] of the menu: what a number of views is, and what it costs. `chosen` is among them. */
export function viewsOffered(chosen) {
  return [...new Set([1, 10, chosen])]
    .sort((a, b) => a - b)
    .map((n) => [
      n,
      n === 1 ? "1: as it is" : `${n}: turned and cropped, averaged, takes ${n} times as long`,
    ]);
}
