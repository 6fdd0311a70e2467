// The newest request wins: one is under way, the last one waits, those in between are dropped.
// More at once would only grow old in the queue. But far from the kernel, where a request is longer on
// its ways than the network needs for it, two are under way, evenly apart.

const OFTEN = 80; // ms from a request to its answer: sooner is often enough

/** Calls after so many ms; returns what takes that back. */
function afterwards(call, ms) {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
}

/**
 * `send(request, generation)` starts one. `ask` takes a new request; one that is `final` does not wait.
 * `answered` says which one was answered after how many ms of computing, and returns whether the
 * answer is news: an older one than the last shown is stale. An answer that does not come within
 * `patience` ms is given up.
 */
export function makeFlow(
  send,
  { now = () => Date.now(), patience = 5000, later = afterwards } = {},
) {
  const open = new Map(); // generation -> when it was sent
  let waiting = null;
  let newest = 0;
  let shown = 0;
  let sent = 0; // when the last one went out
  let round = 0; // ms from a request to its answer, a moving mean
  let computed = 0; // ms of these that the network needed
  let stop = null; // takes back the next try to send what waits

  const mixed = (old, value) => (old ? 0.7 * old + 0.3 * value : value);
  const most = () => (round > OFTEN && computed < round / 2 ? 2 : 1);
  /** When what waits may go out. */
  const due = () => {
    if (!open.size || waiting.final) return now();
    return open.size < most() ? sent + round / 2 : Math.min(...open.values()) + patience;
  };
  const pump = () => {
    stop?.();
    stop = null;
    for (const [generation, since] of open) if (now() - since >= patience) open.delete(generation);
    if (waiting === null) return;
    const wait = due() - now();
    if (wait > 0) {
      stop = later(pump, wait);
      return;
    }
    const request = waiting;
    waiting = null;
    sent = now();
    open.set(++newest, sent);
    send(request, newest);
  };
  return {
    ask(request) {
      waiting = request;
      pump();
    },
    answered(generation, took) {
      if (open.has(generation)) {
        round = mixed(round, now() - open.get(generation));
        computed = mixed(computed, took);
      }
      for (const other of open.keys()) if (other <= generation) open.delete(other);
      const news = generation > shown;
      if (news) shown = generation;
      pump();
      return news;
    },
    /** What is under way has failed: what waits goes out. */
    failed() {
      open.clear();
      shown = newest;
      pump();
    },
    /** Forgets all: there is nobody who could answer. */
    forget() {
      waiting = null;
      this.failed();
    },
    /** Counts on from a number that somebody else gave. */
    startAfter(generation) {
      newest = Math.max(newest, generation);
    },
    isIdle: () => waiting === null && shown >= newest,
  };
}
