// The newest request wins: one is under way, the last one waits, those in between are dropped.
// More at once would only grow old in the queue. But far from the kernel, where a request is longer on
// its ways than the network needs for it, two are under way, evenly apart.

const OFTEN = 80; // ms from a request to its answer: sooner is often enough

/**
 * `send(request, generation)` starts one. `ask` takes a new request; `answered` says which one was
 * answered after how many ms of computing, and returns whether the answer is news: an older one than
 * the last shown is stale.
 */
export function makeFlow(send, { now = () => Date.now(), patience = 5000, later = setTimeout } = {}) {
  const open = new Map(); // generation -> when it was sent
  let waiting = null;
  let newest = 0;
  let shown = 0;
  let sent = 0; // when the last one went out
  let round = 0; // ms from a request to its answer, a moving mean
  let computed = 0; // ms of these that the network needed
  let timer = null;

  const mixed = (old, value) => (old ? 0.7 * old + 0.3 * value : value);
  const most = () => (round > OFTEN && computed < round / 2 ? 2 : 1);
  const pump = () => {
    for (const [generation, since] of open) if (now() - since > patience) open.delete(generation);
    if (waiting === null || open.size >= most()) return;
    const early = open.size ? sent + round / 2 - now() : 0;
    if (early > 0) {
      timer ??= later(() => {
        timer = null;
        pump();
      }, early);
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
