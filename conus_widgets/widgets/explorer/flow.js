// The newest request wins: a few are under way, the last one waits, those in between are dropped.
// While one is computed, the next would only wait behind it and grow old: it goes out just in time.

const TRAVEL = 30; // ms that a request and an answer need on their ways, together

/**
 * `send(request, generation)` starts one. `ask` takes a new request; `answered` says which one was
 * answered, and whether the answer is news: an older one than the last shown is stale.
 */
export function makeFlow(send, { most = 2, now = () => Date.now(), patience = 5000, later = setTimeout } = {}) {
  const open = new Map(); // generation -> when it was sent
  let waiting = null;
  let newest = 0;
  let shown = 0;
  let last = 0; // when the last answer came
  let pace = 0; // ms from one answer to the next, while the other end never rests
  let busy = false; // whether one more was under way when that came
  let timer = null;

  const pump = () => {
    for (const [generation, since] of open) if (now() - since > patience) open.delete(generation);
    if (waiting === null || open.size >= most) return;
    const early = open.size ? last + pace - TRAVEL - now() : 0;
    if (early > 0) {
      timer ??= later(() => {
        timer = null;
        pump();
      }, early);
      return;
    }
    const request = waiting;
    waiting = null;
    open.set(++newest, now());
    send(request, newest);
  };
  return {
    ask(request) {
      waiting = request;
      pump();
    },
    answered(generation) {
      const gap = now() - last;
      if (busy) pace = pace ? 0.7 * pace + 0.3 * gap : gap;
      last = now();
      for (const other of open.keys()) if (other <= generation) open.delete(other);
      busy = open.size > 0;
      const news = generation > shown;
      if (news) shown = generation;
      pump();
      return news;
    },
    /** Forgets what is under way: its answers are stale. */
    forget() {
      open.clear();
      waiting = null;
      shown = newest;
    },
    /** Starts counting behind a number that somebody else gave. */
    follow(generation) {
      newest = Math.max(newest, generation);
    },
    isIdle: () => waiting === null && shown >= newest,
    newest: () => newest,
  };
}
