// Notes, inside the page, when an event happened and when its answer was painted. It changes nothing
// of the explorer: it listens to the same events, looks at the same elements, and counts drawings.
//
// "When it happened" is the event's own time stamp, so waiting in the page counts. "Painted" is the
// task after the frame in which the page changed: layout and painting of that frame are over.
window.probe = (() => {
  const notes = {}; // what is handed over: see `start`
  let mode = "";
  let drawn = 0; // when the map was drawn last
  let wanted = null; // {test, found}: what `expect` waits for
  let root = null;
  let app = null;

  const { drawImage } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.drawImage = function (...what) {
    if (this.canvas.classList?.contains("cx-canvas")) drawn = performance.now();
    return drawImage.apply(this, what);
  };

  function behindFrame(call) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => call(performance.now());
    port2.postMessage(0);
  }

  // Every pointer event, also those that the browser has put together into one.
  function listen(event) {
    if (event.type === "click") notes.clicked = event.timeStamp;
    if (event.type === "click" || !event.target.classList?.contains("cx-canvas")) return;
    const parts = event.getCoalescedEvents?.() ?? [];
    for (const part of parts.length ? parts : [event]) {
      const { left, top, width, height } = event.target.getBoundingClientRect();
      const side = Math.min(width, height); // of the square photograph, in the middle
      const [x, y] = [
        part.clientX - left - (width - side) / 2,
        part.clientY - top - (height - side) / 2,
      ];
      notes.moves?.push({ at: part.timeStamp, u: x / side, v: y / side });
    }
  }

  // Hovering: a change of the number is the answer to all moves that came before it.
  function onReadout() {
    if (mode !== "hover" || !notes.moves.length) return;
    const count = notes.moves.length;
    if (drawn < notes.moves[count - 1].at) return; // the text alone is no answer
    const text = root.querySelector(".cx-place").textContent;
    const value = root.querySelector(".cx-value").textContent;
    behindFrame((at) => notes.answers.push({ at, count, text, value }));
  }

  // Brushing: which moves a request held, and when its answer stood in the bars.
  function follow({ region, flow, checked }) {
    const { packed } = region;
    region.packed = () => {
      // at the moment of sending
      if (mode === "brush")
        notes.sent.push({
          number: flow.newest(),
          at: performance.now(),
          count: notes.moves.length,
        });
      return packed();
    };
    app.checked = (message, logits) => {
      checked(message, logits);
      if (mode === "brush" && app.covered() === logits)
        notes.arrived = { number: message.generation, at: performance.now(), logits };
    };
  }

  const numberOf = (text) => Number(text.replace("\u2212", "-"));
  function onBars() {
    const { arrived } = notes;
    if (mode !== "brush" || !arrived) return;
    notes.arrived = null;
    const rows = [...root.querySelectorAll(".cx-class:not([hidden])")];
    const right = rows.every((row) => {
      const shown = numberOf(row.querySelectorAll(".cx-number")[1].textContent);
      return Math.abs(shown - arrived.logits[row.dataset.number]) < 0.00501;
    });
    behindFrame((at) =>
      notes.answers.push({ at, number: arrived.number, arrived: arrived.at, right }),
    );
  }

  // A single answer: `test` holds, and the map was drawn since the click.
  function look() {
    if (!wanted || !(notes.clicked > wanted.since) || drawn < notes.clicked || !wanted.test())
      return;
    const { found } = wanted;
    wanted = null;
    behindFrame((at) => found({ clicked: notes.clicked, at }));
  }

  const TESTS = {
    question: (text) => root.querySelector(".cx-question").textContent === text,
    stopped: () =>
      root.querySelector(".cw-status").textContent === "Stopped." &&
      root.querySelector(".cx-words + .cx-quiet").textContent.includes("stopped"),
  };

  return {
    attach() {
      root = document.querySelector(".cw-explorer");
      app = root.app;
      for (const type of ["pointerdown", "pointermove", "click"])
        window.addEventListener(type, listen, true);
      follow(app);
      const observe = (selector, call) =>
        new MutationObserver(call).observe(root.querySelector(selector), {
          subtree: true,
          childList: true,
          attributes: true,
          characterData: true,
        });
      observe(".cx-readout", onReadout);
      observe(".cx-classes tbody", onBars);
      new MutationObserver(look).observe(root, {
        subtree: true,
        childList: true,
        attributes: true,
        characterData: true,
      });
    },
    start(kind) {
      mode = kind;
      Object.assign(notes, {
        moves: [],
        sent: [],
        answers: [],
        arrived: null,
        origin: performance.timeOrigin,
      });
    },
    stop() {
      mode = "";
      const { moves, sent, answers, origin } = notes;
      return { moves, sent, answers, origin };
    },
    /** Begins to wait for the answer to a click that is still to come; `answer` gives it. */
    expect(name, text) {
      const answer = new Promise((found, fail) => {
        wanted = { test: () => TESTS[name](text), found, since: performance.now() };
        setTimeout(() => fail(new Error(`no answer in 10 s: ${name} ${text}`)), 10_000);
      });
      answer.catch(() => {}); // it is heard of by whoever asks for the answer
      this.answer = () => answer;
    },
    /** A number for what the first map's canvas shows. */
    picture() {
      const canvas = root.querySelector(".cx-canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let sum = 0;
      for (let i = 0; i < data.length; i += 4)
        sum = (Math.imul(sum, 31) + data[i] + 3 * data[i + 1] + 7 * data[i + 2]) | 0;
      return sum;
    },
    isIdle: () => app.flow.isIdle(),
    labels: () => app.network.labels,
    shape: () => [app.sight().rows, app.sight().columns],
    hasPart: () => app.pane().state === "running" && app.pane().map !== null,
    origin: () => performance.timeOrigin,
  };
})();
