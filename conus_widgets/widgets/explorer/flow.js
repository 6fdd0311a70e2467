// The newest request wins: a few are under way, the last one waits, those in between are dropped.

/**
 * `send(request, generation)` starts one. `ask` takes a new request; `answered` says which one was
 * answered, and whether the answer is news: an older one than the last shown is stale.
 */
export function makeFlow(send, { most = 2, now = () => Date.now(), patience = 5000 } = {}) {
  const open = new Map(); // generation -> when it was sent
  let waiting = null;
  let newest = 0;
  let shown = 0;

  const pump = () => {
    for (const [generation, since] of open) if (now() - since > patience) open.delete(generation);
    if (waiting === null || open.size >= most) return;
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
      for (const other of open.keys()) if (other <= generation) open.delete(other);
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
