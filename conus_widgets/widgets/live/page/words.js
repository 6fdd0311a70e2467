// Sentences and numbers as every page writes them. Pure functions: Node tests them.

export const READYING = "Getting the network ready ...";
const LOCAL = "Photographs stay on the machine that runs this notebook.";

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

/** "+0.83", "−0.30", "0.00"; small units keep three significant digits: "+1.25e-4". */
export function signedText(value, digits = 2) {
  const size = Math.abs(value);
  const text =
    size !== 0 && size < 0.005 && digits === "free"
      ? size.toExponential(2)
      : size.toFixed(digits === "free" ? 2 : digits);
  if (Number(text) === 0) return text;
  return (value > 0 ? "+" : "\u2212") + text;
}

/** As Python's `percent`: one decimal, never a flat 0 or 100. */
export function percentText(probability) {
  if (probability >= 0.9995) return ">\u00a099.9\u00a0%";
  if (probability < 0.0005) return "<\u00a00.1\u00a0%";
  return `${(100 * probability).toFixed(1)}\u00a0%`;
}

/** A name among other words: one written from right to left must not turn their order. */
export function isolated(name) {
  const turns = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;
  return turns.test(name) ? `\u2068${name}\u2069` : name;
}
