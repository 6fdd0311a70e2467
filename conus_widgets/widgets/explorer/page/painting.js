// A mask that is painted, in the network's own pixels: size * size, and its history. Pure functions.

/** Sets every pixel whose middle lies within a capsule: a disc moved from (x0, y0) to (x1, y1). */
export function stamp(mask, size, { x0, y0, x1, y1, rx, ry }, value) {
  // In units of the radii the ellipse is a circle.
  const [ax, ay, bx, by] = [x0 / rx, y0 / ry, (x1 - x0) / rx, (y1 - y0) / ry];
  const length = bx * bx + by * by;
  const from = (a, b, r) => Math.max(0, Math.floor(Math.min(a, b) - r));
  const to = (a, b, r) => Math.min(size - 1, Math.ceil(Math.max(a, b) + r));
  for (let y = from(y0, y1, ry); y <= to(y0, y1, ry); y++) {
    for (let x = from(x0, x1, rx); x <= to(x0, x1, rx); x++) {
      const px = (x + 0.5) / rx - ax;
      const py = (y + 0.5) / ry - ay;
      const part = length ? Math.min(1, Math.max(0, (px * bx + py * by) / length)) : 0;
      if ((px - part * bx) ** 2 + (py - part * by) ** 2 <= 1) mask[y * size + x] = value;
    }
  }
}

/** Sets every pixel whose middle lies within a rectangle. */
export function fillRectangle(mask, size, x0, y0, x1, y1, value) {
  const first = (a, b) => Math.max(0, Math.ceil(Math.min(a, b) - 0.5));
  const last = (a, b) => Math.min(size, Math.ceil(Math.max(a, b) - 0.5));
  for (let y = first(y0, y1); y < last(y0, y1); y++)
    mask.fill(value, y * size + first(x0, x1), y * size + last(x0, x1));
}

/** One bit a pixel, the first in the highest bit: what Python's `unpack` takes. */
export function packBits(mask) {
  const bits = new Uint8Array(Math.ceil(mask.length / 8));
  for (let i = 0; i < mask.length; i++) if (mask[i]) bits[i >> 3] |= 128 >> (i & 7);
  return bits;
}

export function unpackBits(bits, length) {
  return Uint8Array.from({ length }, (_, i) => (bits[i >> 3] >> (7 - (i & 7))) & 1);
}

const STEPS = 100; // steps that can be undone

/** A mask with undo and redo: `begin` a change, then alter `mask`. */
export function makeMask(size) {
  const painted = { size, mask: new Uint8Array(size * size) };
  let past = [];
  let future = [];
  const put = (bits) => painted.mask.set(unpackBits(bits, painted.mask.length));
  painted.packed = () => packBits(painted.mask);
  painted.isEmpty = () => !painted.mask.includes(1); // asked many times a frame
  painted.fraction = () => {
    let sum = 0;
    for (let i = 0; i < painted.mask.length; i++) sum += painted.mask[i];
    return sum / painted.mask.length;
  };
  /** The rectangle of pixels around it, from left and top on, before right and bottom; null if it is empty. */
  painted.box = () => {
    if (painted.isEmpty()) return null;
    let [left, right] = [size, 0];
    const [top, bottom] = [painted.mask.indexOf(1), painted.mask.lastIndexOf(1)].map((at) =>
      Math.floor(at / size),
    );
    for (let y = top; y <= bottom; y++) {
      const row = painted.mask.subarray(y * size, (y + 1) * size);
      if (!row.includes(1)) continue;
      [left, right] = [Math.min(left, row.indexOf(1)), Math.max(right, row.lastIndexOf(1) + 1)];
    }
    return { left, top, right, bottom: bottom + 1 };
  };
  painted.begin = () => {
    past.push(packBits(painted.mask));
    past = past.slice(-STEPS);
    future = [];
  };
  /** Takes back a change that has begun. */
  painted.abandon = () => past.length && put(past.pop());
  painted.canUndo = () => past.length > 0;
  painted.canRedo = () => future.length > 0;
  painted.undo = () => {
    if (!past.length) return false;
    future.push(packBits(painted.mask));
    put(past.pop());
    return true;
  };
  painted.redo = () => {
    if (!future.length) return false;
    past.push(packBits(painted.mask));
    put(future.pop());
    return true;
  };
  painted.reset = () => {
    if (painted.isEmpty()) return false;
    painted.begin();
    painted.mask.fill(0);
    return true;
  };
  painted.set = (mask) => {
    painted.begin();
    painted.mask.set(mask);
  };
  return painted;
}
