// Thumbnails of what is in sight: all others give theirs back, so that a thousand rows hold few.

import { ASK_AGAIN } from "../../live/page/pictures.js";

const NEAR = "150px"; // in sight soon
const PAUSE = 60; // ms: of what is scrolled past fast, only what stays in sight is asked for

/**
 * Watches rows. `show(picture)` of a row gets its thumbnail when the row is in sight, and null when it
 * is no longer.
 */
export function watchSight(pictures) {
  const rows = new Map(); // element -> what is known of it
  let due = 0;
  const fill = () => {
    const bare = [...rows.values()].filter((row) => row.inSight && !row.shown);
    const keys = bare.map(({ key }) => key);
    pictures.request(keys, false); // all of them in one message
    for (const row of bare)
      row.forget ??= pictures.when(row.key, false, (picture) => {
        row.shown = true;
        row.show(picture);
      });
    due = bare.some(({ shown }) => !shown) ? setTimeout(fill, ASK_AGAIN) : 0;
  };
  const lose = (row) => {
    row.forget?.();
    row.forget = null;
    row.shown = false;
    row.show(null);
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const row = rows.get(target);
        if (!row) continue;
        row.inSight = isIntersecting;
        if (!isIntersecting) lose(row);
      }
      clearTimeout(due);
      due = setTimeout(fill, PAUSE);
    },
    { rootMargin: NEAR, scrollMargin: NEAR },
  );
  return {
    add(element, key, show) {
      rows.set(element, { key, show, inSight: false, shown: false, forget: null });
      observer.observe(element);
    },
    remove(element) {
      observer.unobserve(element);
      rows.get(element)?.forget?.();
      rows.delete(element);
    },
    close() {
      observer.disconnect();
      clearTimeout(due);
    },
  };
}
