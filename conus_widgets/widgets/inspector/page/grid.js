// The rows and columns of the matrix that are shown, and places in a gallery. Pure functions.

/** Classes that are drawn at most; of more, those with mistakes. The list of pairs always has all. */
export const MOST = 100;

/**
 * The order of rows and columns, as numbers into `names`. The first `classes` names are classes, the
 * others are labels that the network does not know. `search` keeps what matches, and what it is mistaken
 * for.
 */
export function arranged({ names, classes, genera, cells }, search = "") {
  const wrong = new Map(); // name -> mistakes in its row and column
  const beside = new Map(); // name -> names that it is mistaken for, or that are mistaken for it
  for (const [row, column, count] of cells) {
    if (row === column) continue;
    for (const [one, other] of [
      [row, column],
      [column, row],
    ]) {
      wrong.set(one, (wrong.get(one) ?? 0) + count);
      if (!beside.has(one)) beside.set(one, new Set());
      beside.get(one).add(other);
    }
  }
  let shown = names.map((_, number) => number);
  const wanted = search.trim().toLowerCase();
  if (wanted) {
    const found = shown.filter((number) => names[number].toLowerCase().includes(wanted));
    const kept = new Set(found.flatMap((number) => [number, ...(beside.get(number) ?? [])]));
    shown = shown.filter((number) => kept.has(number));
  }
  const left = Math.max(0, shown.length - MOST);
  if (left) {
    shown = shown
      .toSorted((a, b) => (wrong.get(b) ?? 0) - (wrong.get(a) ?? 0) || a - b)
      .slice(0, MOST);
  }
  const key = (number) =>
    number < classes ? `0 ${genera[number] || "\uffff"} ${names[number]}` : `1 ${names[number]}`;
  shown = shown.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return { rows: shown, columns: shown.filter((number) => number < classes), left };
}

/** The shortest beginning of each genus that no other one has: Conus and Conasprella are "Conu" and "Cona". */
export function abbreviations(genera) {
  const all = [...new Set(genera)].filter(Boolean);
  const shortest = (genus) => {
    for (let length = 1; length < genus.length; length++) {
      const start = genus.slice(0, length);
      if (!all.some((other) => other !== genus && other.startsWith(start))) return start;
    }
    return genus;
  };
  return new Map(all.map((genus) => [genus, shortest(genus)]));
}

/** A name with its genus abbreviated: "C. textile". */
export function shortName(name, genus, start) {
  if (!genus || !start || start === genus || !name.startsWith(`${genus} `)) return name;
  return `${start}. ${name.slice(genus.length + 1)}`;
}

/** What a cell says: "textile, taken for canonicus: 7 of 31". */
export function spoken(row, column, count, whole) {
  const of = `${count} of ${whole}`;
  if (!whole) return `${row}: no specimen`;
  return row === column ? `${row}, named rightly: ${of}` : `${row}, taken for ${column}: ${of}`;
}

/** How many tiles stand in a row, and how large they are. */
export function tiling(width, least = 148, gap = 12) {
  const across = Math.max(1, Math.floor((width + gap) / (least + gap)));
  return { across, side: (width - gap * (across - 1)) / across, gap };
}

/** The first and the last tile (not included) that can be seen, with a row to spare on both sides. */
export function inSight({ top, height, rowHeight, across, total }) {
  const first = Math.max(0, Math.floor(top / rowHeight) - 1);
  const last = Math.ceil((top + height) / rowHeight) + 1;
  return [Math.min(total, first * across), Math.min(total, last * across)];
}
