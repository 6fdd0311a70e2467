// Sends verdicts, in order, until the kernel says that the disk has them.

const AGAIN = 10_000; // ms without a word, after which a verdict is sent once more: it counts once

/** A random UUID; `crypto.randomUUID` is missing on pages without a secure address. */
export function makeUuid(random = (bytes) => crypto.getRandomValues(bytes)) {
  const bytes = random(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [0, 8, 12, 16, 20].map((at, n, all) => hex.slice(at, all[n + 1])).join("-");
}

/**
 * `send(verdict)` hands one to the kernel; `changed()` is called when something was sent or confirmed.
 * `open(outbox)` gives it the outbox of a reviewer.
 */
export function makeSender({ send, changed, isGone, now = Date.now }) {
  const sent = new Map(); // id -> when
  let outbox = null;
  let problem = "";

  const flush = ({ all = false } = {}) => {
    if (!outbox || isGone()) return;
    for (const verdict of outbox.all()) {
      if (verdict.refused && !all) continue;
      if (!all && now() - (sent.get(verdict.id) ?? -Infinity) < AGAIN) continue;
      sent.set(verdict.id, now());
      send(verdict);
    }
  };
  const timer = setInterval(() => flush(), AGAIN / 4);

  return {
    open(box) {
      outbox = box;
      sent.clear();
      flush();
      changed();
    },
    add(verdict) {
      outbox.add(verdict);
      sent.set(verdict.id, now());
      send(verdict);
      changed();
    },
    /** The disk has it. Returns whether this page had it waiting. */
    saved(id) {
      sent.delete(id);
      const found = outbox?.remove(id) ?? false;
      if (!outbox?.all().length) problem = "";
      changed();
      return found;
    },
    refused(id, reason, final) {
      problem = reason;
      if (final) outbox?.refuse(id, reason);
      changed();
    },
    again: () => flush({ all: true }),
    waiting: () => outbox?.all() ?? [],
    how: () => ({ gone: isGone(), lasts: outbox?.lasts() ?? true, problem }),
    close: () => clearInterval(timer),
  };
}
