// A guard in front of the verdict keys: what is pressed too early belongs to the case before.

/** Milliseconds after a case was painted in which nothing is taken. */
export const GRACE = 300;

/** `painted()` when a case can be seen, `close()` when another one is asked for; `isOpen()` in between. */
export function makeGuard(now = () => performance.now()) {
  let since = Infinity;
  return {
    painted: () => (since = now()),
    close: () => (since = Infinity),
    isPainted: () => since < Infinity,
    isOpen: () => now() - since >= GRACE,
    /** Seconds since the case was painted. */
    seconds: () => Math.max(0, (now() - since) / 1000),
  };
}
