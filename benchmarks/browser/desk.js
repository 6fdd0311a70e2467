// Notes, inside the page, when a key was pressed and when the case that it opens was painted. It only
// looks at what a reader sees. "Painted" is the task after the frame in which all of it stood there.
window.desk = (() => {
  const LARGE = 400; // pixels of width, above which a photograph is no thumbnail
  let pressed = 0;
  window.addEventListener("keydown", (event) => (pressed = event.timeStamp), true);

  const caseOf = () => document.querySelector(".ci-case:not([hidden])");
  const name = () => caseOf()?.getAttribute("aria-label") ?? "";
  const seen = () => {
    const image = caseOf()?.querySelector(".ci-sheet img");
    return Boolean(image?.complete && image.naturalWidth > LARGE);
  };
  const mapped = () => Boolean(caseOf()?.querySelector(".ci-mapped .ci-sum"));
  const near = () => (caseOf()?.querySelectorAll(".ci-neighbour img[src]").length ?? 0) > 0;

  function behindFrame(call) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => call(performance.now());
    port2.postMessage(0);
  }

  /** Waits until `test` holds in a frame; resolves with the time after it, or -1 after 10 s. */
  function when(test) {
    const end = performance.now() + 10_000;
    return new Promise((found) => {
      const look = () => {
        if (test()) behindFrame(found);
        else if (performance.now() > end) found(-1);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
  }

  let waiting = null;
  return {
    /** Begins to wait for a key that opens another case. */
    expect() {
      const before = name();
      const since = performance.now();
      const fresh = () => pressed > since && name() && name() !== before;
      const after = (test) =>
        when(() => fresh() && test()).then((at) => (at < 0 ? -1 : at - pressed));
      waiting = Promise.all([
        after(seen),
        after(() => seen() && mapped()),
        after(() => seen() && near()),
      ]);
    },
    answer: () =>
      waiting.then(([open, map, neighbours]) => ({ open, map, neighbours, name: name() })),
    /** Notes the length of each frame until `frames` is called. */
    watch() {
      this.lengths = [];
      let last = performance.now();
      const frame = (now) => {
        this.lengths.push(now - last);
        last = now;
        this.running = requestAnimationFrame(frame);
      };
      this.running = requestAnimationFrame(frame);
    },
    frames() {
      cancelAnimationFrame(this.running);
      return this.lengths.slice(1);
    },
    /** How many of the tiles in sight show their photograph. */
    tiles: () => {
      const frame = document.querySelector(".ci-frame").getBoundingClientRect();
      const inside = [...document.querySelectorAll(".ci-tile")].filter((tile) => {
        const { top, bottom } = tile.getBoundingClientRect();
        return top >= frame.top && bottom <= frame.bottom;
      });
      return [inside.length, inside.filter((tile) => tile.querySelector("img[src]")).length];
    },
  };
})();
