// Sentences and numbers as every page writes them. Pure functions: Node tests them.

export const READYING = "Getting the network ready ...";
export const LOCAL = "Photographs stay on the machine that runs this notebook.";

/** What stands below a page: where photographs go, and which network this is. */
export const footText = (notice) => (notice ? `${LOCAL} Network: ${notice}.` : LOCAL);

/** "1 photograph", "3 photographs" */
export const counted = (n) => (n === 1 ? "1 photograph" : `${n} photographs`);

/** "92 percent", for ears; the page shows one decimal. */
export function spokenPercent(probability) {
  const whole = Math.round(100 * probability);
  if (whole < 1) return "less than 1 percent";
  if (whole > 99) return "more than 99 percent";
  return `${whole} percent`;
}
