// Geometry. Places in the photograph are (u, v) from 0 to 1; pixels of the canvas are CSS
// pixels. Pure functions.

const clampTo = (value, low, high) => Math.min(high, Math.max(low, value));

/** The rectangle of the whole photograph on a canvas, under a view {zoom, u, v}: v is its middle. */
export function placeOf(canvas, photograph, view) {
  const fit = Math.min(canvas.width / photograph.width, canvas.height / photograph.height);
  const width = photograph.width * fit * view.zoom;
  const height = photograph.height * fit * view.zoom;
  return {
    x: canvas.width / 2 - view.u * width,
    y: canvas.height / 2 - view.v * height,
    width,
    height,
  };
}

export const toPhotograph = (place, x, y) => ({
  u: (x - place.x) / place.width,
  v: (y - place.y) / place.height,
});

export const isInside = ({ u, v }) => u >= 0 && u < 1 && v >= 0 && v < 1;

/** The cell of a grid that holds a place; places outside belong to the nearest cell. */
export function cellAt({ u, v }, rows, columns) {
  return {
    row: clampTo(Math.floor(v * rows), 0, rows - 1),
    column: clampTo(Math.floor(u * columns), 0, columns - 1),
  };
}

/** The place in the middle of a cell. */
export const middleOf = ({ row, column }, rows, columns) => ({
  u: (column + 0.5) / columns,
  v: (row + 0.5) / rows,
});

/** Keeps the photograph on the canvas: what is smaller stays in the middle. */
export function steady(view, canvas, photograph) {
  const zoom = clampTo(view.zoom, 1, 16);
  const place = placeOf(canvas, photograph, { zoom, u: 0.5, v: 0.5 });
  const along = (middle, length, room) => {
    const reach = Math.max(0, 0.5 - room / 2 / length);
    return clampTo(middle, 0.5 - reach, 0.5 + reach);
  };
  return {
    zoom,
    u: along(view.u, place.width, canvas.width),
    v: along(view.v, place.height, canvas.height),
  };
}

/** Zooms so that the place under (x, y) stays there. */
export function zoomAbout(view, factor, x, y, canvas, photograph) {
  const zoom = clampTo(view.zoom * factor, 1, 16);
  const at = toPhotograph(placeOf(canvas, photograph, view), x, y);
  const place = placeOf(canvas, photograph, { zoom, u: 0, v: 0 });
  const u = at.u - (x - canvas.width / 2) / place.width;
  const v = at.v - (y - canvas.height / 2) / place.height;
  return steady({ zoom, u, v }, canvas, photograph);
}

/**
 * Calls `put(from, to)` for every run of numbers below `count` in which a line of values, which starts at
 * `first` and goes on by `step`, differs from the one `apart` further on.
 */
function differences(values, first, step, apart, count, put) {
  let start = -1;
  for (let i = 0, at = first; i <= count; i++, at += step) {
    const differ = i < count && values[at] !== values[at + apart];
    if (differ && start < 0) start = i;
    if (!differ && start >= 0) {
      put(start, i);
      start = -1;
    }
  }
}

/**
 * Lines of equal value of a map of cells: the edges between cells on both sides of the level, as long
 * as they go straight on. They follow the cells, because nothing is known inside of one.
 * [[u0, v0, u1, v1], ...]
 */
export function edges(values, rows, columns, level) {
  const over = new Uint8Array(rows * columns); // an area is traced at each step of the brush
  for (let i = 0; i < over.length; i++)
    over[i] = level > 0 ? values[i] >= level : values[i] <= level;
  const found = [];
  for (let row = 1; row < rows; row++) {
    const put = (from, to) => found.push([from / columns, row / rows, to / columns, row / rows]);
    differences(over, (row - 1) * columns, 1, columns, columns, put);
  }
  for (let column = 1; column < columns; column++) {
    const put = (from, to) =>
      found.push([column / columns, from / rows, column / columns, to / rows]);
    differences(over, column - 1, columns, 1, rows, put);
  }
  return found;
}

const spansKept = new Map();

/** Into which of `count` cells each of `size` pixels reaches: [first, part in it, part in the next]. */
function spans(size, count) {
  const key = `${size} ${count}`;
  const make = (_, i) => {
    // A pixel reaches into at most two cells, as long as cells are no smaller than pixels.
    const start = (i * count) / size;
    const end = ((i + 1) * count) / size;
    const first = Math.min(count - 1, Math.floor(start + 1e-9));
    const cut = Math.min(end, first + 1);
    return [first, cut - start, end - cut];
  };
  if (!spansKept.has(key)) spansKept.set(key, Array.from({ length: size }, make));
  return spansKept.get(key);
}

/** The part of each cell's area that a mask (size * size, 0 or 1) covers: rows * columns numbers. */
export function coverageOf(mask, size, rows, columns) {
  const found = new Float64Array(rows * columns);
  const [down, across] = [spans(size, rows), spans(size, columns)];
  for (let y = 0; y < size; y++) {
    const [row, upper, lower] = down[y];
    for (let x = 0; x < size; x++) {
      if (!mask[y * size + x]) continue;
      const [column, left, right] = across[x];
      found[row * columns + column] += upper * left;
      if (right > 1e-9) found[row * columns + column + 1] += upper * right;
      if (lower > 1e-9) found[(row + 1) * columns + column] += lower * left;
      if (right > 1e-9 && lower > 1e-9) found[(row + 1) * columns + column + 1] += lower * right;
    }
  }
  return found;
}
