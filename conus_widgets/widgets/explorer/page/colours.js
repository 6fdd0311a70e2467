// From values to colours: one scale, the same to both sides of zero. Pure functions.

// Warm for, cold against: told apart by every kind of colour vision, and both stand out on black.
// picture.py has the same.
export const FOR = [255, 140, 26];
export const AGAINST = [61, 139, 255];

const FINE = 1000; // cells: on finer grids a few pixels would set the scale (explain/scale.py)

/** The value with the strongest colour for these maps; 0 if all are flat. */
export function limitOf(maps) {
  let limit = 0;
  for (const values of maps) {
    const sizes = Float64Array.from(values, Math.abs).sort();
    const last = sizes[sizes.length - 1] ?? 0;
    const at = 0.995 * (sizes.length - 1);
    const low = sizes[Math.floor(at)];
    const most = sizes.length > FINE ? low + (at % 1) * (sizes[Math.ceil(at)] - low) : last;
    limit = Math.max(limit, most || last);
  }
  return limit;
}

/** Signed share of the scale, -1 to 1; 0 on a flat scale. */
export const partOf = (value, limit) => (limit > 0 ? Math.min(1, Math.max(-1, value / limit)) : 0);

/**
 * A pixel a cell, RGBA. style "colours" or "grey": the sign as a colour, the size as its strength, so that
 * zero is nothing. "mask": black over everything that does not speak for the target.
 */
export function paint(values, limit, style, opacity) {
  const pixels = new Uint8ClampedArray(4 * values.length);
  for (let i = 0; i < values.length; i++) {
    const part = partOf(values[i], limit);
    if (style === "mask") {
      pixels[4 * i + 3] = 255 * opacity * (1 - Math.max(0, part));
      continue;
    }
    const colour = part > 0 ? FOR : AGAINST;
    pixels.set(colour, 4 * i);
    pixels[4 * i + 3] = 255 * opacity * Math.abs(part);
  }
  return pixels;
}

/** Levels of the contours, as parts of the scale. */
export const LEVELS = [0.25, 0.5, 0.75];

/** A round number just below: 1, 2 or 5 times a power of ten. */
export function roundBelow(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [5, 2, 1].find((step) => step * power <= value * (1 + 1e-9)) * power;
}

/** Marks of the bar: zero and a round number to both sides. */
export function ticksOf(limit) {
  if (!(limit > 0)) return [0];
  const step = roundBelow(limit);
  return [-step, 0, step];
}
