// The outbox: verdicts that the kernel has not confirmed yet. They stay in the browser until then.

const PLACE = "conus-verdicts";

/**
 * Opens the outbox of a collection and a reviewer. Each verdict has a key of its own, so that two pages
 * do not overwrite each other's. Without a storage (`null`) it only lasts as long as the page.
 */
export function openOutbox(storage, fingerprint, reviewer) {
  const start = `${PLACE}:${fingerprint}:${reviewer}:`;
  const held = new Map(); // id -> verdict
  let lasts = storage !== null;

  const read = () => {
    if (!lasts) return;
    try {
      for (let index = 0; index < storage.length; index++) {
        const key = storage.key(index);
        if (!key.startsWith(start)) continue;
        const verdict = parsed(storage.getItem(key));
        if (verdict && !held.has(verdict.id)) held.set(verdict.id, verdict);
      }
    } catch {
      lasts = false;
    }
  };
  const write = (verdict) => {
    held.set(verdict.id, verdict);
    try {
      storage?.setItem(start + verdict.id, JSON.stringify(verdict));
    } catch {
      lasts = false; // full, or forbidden
    }
  };
  read();

  return {
    /** Whether verdicts outlive the page. */
    lasts: () => lasts,
    add: write,
    /** Notes why the kernel will never take a verdict. It is not sent again by itself. */
    refuse(id, reason) {
      if (held.has(id)) write({ ...held.get(id), refused: reason });
    },
    remove(id) {
      const found = held.delete(id);
      try {
        storage?.removeItem(start + id);
      } catch {
        lasts = false;
      }
      return found;
    },
    /** All of them, in the order in which they were given. */
    all: () => [...held.values()].sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1)),
  };
}

function parsed(text) {
  try {
    const found = JSON.parse(text);
    return found && typeof found.id === "string" ? found : null;
  } catch {
    return null;
  }
}

/** A number that a later verdict of any page of this browser exceeds. */
export function makeOrder(now = Date.now) {
  let last = 0;
  return () => (last = Math.max(last + 1, now() * 1000));
}
