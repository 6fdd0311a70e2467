// A cache of the kernel's answers, of bounded number: the newest stay.

/** A Map that forgets what was used longest ago. */
export function makeCache(most) {
  const held = new Map();
  return {
    get(key) {
      if (!held.has(key)) return undefined;
      const value = held.get(key);
      held.delete(key);
      held.set(key, value);
      return value;
    },
    set(key, value) {
      held.delete(key);
      held.set(key, value);
      if (held.size > most) held.delete(held.keys().next().value);
    },
    has: (key) => held.has(key),
    clear: () => held.clear(),
  };
}
