// The numbers on the page: shares of cells and areas, sums, ranks, words. Pure functions.

import { isolated, signedText } from "../../live/page/words.js";

/** The photograph as the network sees it. `shares` is (classes, rows, columns), flat. */
export function makeSight({ logits, bias, shares, rows, columns, ...rest }) {
  return { ...rest, logits, bias, shares, rows, columns, cells: rows * columns };
}

/** The class activation map of a class, or of one class rather than another: rows * columns. */
export function camOf({ shares, cells }, target, against = null) {
  const found = shares.slice(target * cells, (target + 1) * cells);
  if (against === null || against === target) return found;
  for (let i = 0; i < cells; i++) found[i] -= shares[against * cells + i];
  return found;
}

/** Of a target, "A rather than B" being the difference: cells for and against, bias, logit. */
export function sumsOf(sight, target, against = null) {
  const other = against === null || against === target ? null : against;
  const sums = { positive: 0, negative: 0, bias: sight.bias[target], logit: sight.logits[target] };
  for (const value of camOf(sight, target, other))
    sums[value > 0 ? "positive" : "negative"] += value;
  if (other !== null) {
    sums.bias -= sight.bias[other];
    sums.logit -= sight.logits[other];
  }
  return sums;
}

/** What a cell says of every class: [{label number, value}], the largest value first. */
export function cellClasses({ shares, cells, logits }, cell) {
  const found = Array.from(logits, (_, number) => ({
    number,
    value: shares[number * cells + cell],
  }));
  return found.sort((a, b) => b.value - a.value);
}

/** The classes that a cell speaks for and against most, at most `count` of each. */
export function speaks(sight, cell, count = 3) {
  const ranked = cellClasses(sight, cell);
  return {
    for: ranked.slice(0, count).filter(({ value }) => value > 0),
    against: ranked
      .slice(-count)
      .reverse()
      .filter(({ value }) => value < 0),
  };
}

/** What the map attributes to an area, for each class: cells weighed by their area inside. */
export function areaShares({ shares, cells, logits }, weights) {
  return Float64Array.from(logits, (_, number) => {
    let sum = 0;
    for (let i = 0; i < cells; i++) sum += shares[number * cells + i] * weights[i];
    return sum;
  });
}

export function softmaxOf(logits) {
  const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const raised = Float64Array.from(logits, (value) => Math.exp(value - top));
  const total = raised.reduce((a, b) => a + b, 0);
  return raised.map((value) => value / total);
}

/** Class numbers, the largest logit first; ties in class order. */
export function ranking(logits) {
  return Array.from(logits, (_, number) => number).sort((a, b) => logits[b] - logits[a] || a - b);
}

/** Those of `order` whose label contains all words of the query, whatever the case. */
export function matching(order, labels, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return order.filter((number) => {
    const label = labels[number].toLowerCase();
    return words.every((word) => label.includes(word));
  });
}

export const placeWords = ({ row, column }) => `row ${row + 1}, column ${column + 1}`;

/** "row 3, column 5: 0.8 for tented, −0.3 for banded" */
export function spoken(cell, parts) {
  const said = parts.map(
    ({ value, label }) => `${signedText(value, 1).replace("+", "")} for ${isolated(label)}`,
  );
  return `${placeWords(cell)}: ${said.join(", ")}`;
}
