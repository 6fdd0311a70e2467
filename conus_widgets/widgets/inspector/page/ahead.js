// The cases after the one that is open, and the next one's map, fetched before somebody asks for them.

const AHEAD = 4; // cases, one after the other: a slow kernel is never asked for many at once
const LATE = 10_000; // ms, after which a case is asked for again

/** `has(case)` says what the page has; `post(kind, content)` asks for what it has not. */
export function makeAhead({ has, post, now = () => performance.now() }) {
  let coming = -1;
  let since = 0;
  return {
    /** Asks for the next case that is missing after a place of a list. */
    fetch(list, index) {
      if (index < 0 || (coming >= 0 && now() - since < LATE)) return;
      const number = list.slice(index + 1, index + 1 + AHEAD).find((one) => !has(one));
      if (number === undefined) return;
      coming = number;
      since = now();
      post("case", { case: number, ahead: true });
    },
    arrived(number) {
      if (number === coming) coming = -1;
    },
  };
}
