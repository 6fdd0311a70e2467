// Photographs on a page: asked for as they are seen, held in bounded number.

const SMALL_HELD = 500;
const LARGE_HELD = 32;
/** In ms: of many that were asked for, the kernel drops the oldest. */
export const ASK_AGAIN = 4000;

/** A picture that is loaded and decoded before a case shows it: the page then draws from memory. */
function ready(url) {
  const image = new Image();
  image.src = url;
  image.decode().catch(() => {}); // it is no picture: the stage says so
  return image;
}

/**
 * `ask(numbers, large)` sends for photographs; `take` gets what comes: messages of the kind "picture".
 * A number may be any key by which page and kernel know a photograph.
 */
export function makePictures(ask) {
  const shelves = { small: new Map(), large: new Map() }; // number -> {url, width, height, problem, image}
  const waiting = new Map(); // key -> Set of callbacks
  const asked = new Map(); // key -> when
  const keyOf = (number, large) => `${large ? "large" : "small"} ${number}`;

  const get = (number, large) => {
    const shelf = large ? shelves.large : shelves.small;
    const found = shelf.get(number);
    if (found) {
      shelf.delete(number); // to the end: it was used last
      shelf.set(number, found);
    }
    return found;
  };
  const request = (numbers, large) => {
    const now = Date.now();
    const missing = numbers.filter((number) => {
      const key = keyOf(number, large);
      if (get(number, large) || now - (asked.get(key) ?? 0) < ASK_AGAIN) return false;
      asked.set(key, now);
      return true;
    });
    if (missing.length) ask(missing, large);
  };

  const hold = (number, large, blob, about) => {
    const shelf = large ? shelves.large : shelves.small;
    URL.revokeObjectURL(shelf.get(number)?.url ?? "");
    const url = blob ? URL.createObjectURL(blob) : "";
    shelf.delete(number);
    const image = large && url ? ready(url) : null;
    shelf.set(number, { url, image, ...about });
    for (const [oldest, old] of shelf) {
      if (shelf.size <= (large ? LARGE_HELD : SMALL_HELD)) break;
      URL.revokeObjectURL(old.url);
      shelf.delete(oldest);
    }
    const key = keyOf(number, large);
    asked.delete(key);
    const callbacks = waiting.get(key) ?? [];
    waiting.delete(key);
    for (const call of callbacks) call(shelf.get(number));
  };

  return {
    get,
    request,
    take({ photograph, large, width, height, problem }, bytes) {
      const blob = bytes.byteLength ? new Blob([bytes], { type: "image/jpeg" }) : null;
      hold(photograph, large, blob, { width, height, problem });
    },
    /** A small one that this page made: the kernel need not be asked for it. */
    put: (number, blob) => hold(number, false, blob, { problem: "" }),
    /** Calls with a photograph when it is there; returns what forgets the call. */
    when(number, large, call) {
      const found = get(number, large);
      if (found) {
        call(found);
        return () => {};
      }
      const key = keyOf(number, large);
      if (!waiting.has(key)) waiting.set(key, new Set());
      waiting.get(key).add(call);
      request([number], large);
      return () => waiting.get(key)?.delete(call);
    },
    close() {
      for (const shelf of Object.values(shelves))
        for (const { url } of shelf.values()) URL.revokeObjectURL(url);
    },
  };
}
