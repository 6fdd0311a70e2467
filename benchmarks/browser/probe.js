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
  let labels = []; // of the network
  const newest = { asked: 0, answered: 0 }; // covered areas, by their numbers

  const { drawImage } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.drawImage = function (...what) {
    if (this.canvas.classList?.contains("cx-canvas")) drawn = performance.now();
    return drawImage.apply(this, what);
  };

  function afterFrame(call) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => call(performance.now());
    port2.postMessage(0);
  }

  // Every pointer event, also those that the browser has put together into one. The explorer hears of
  // a stroke's places before their frame, too ("pointerrawupdate"): each counts once.
  let heard = 0;
  function listen(event) {
    if (event.type === "pointerrawupdate" && mode !== "brush") return;
    if (event.type === "click") notes.clicked = event.timeStamp;
    if (event.type === "click" || !event.target.classList?.contains("cx-canvas")) return;
    const parts = event.getCoalescedEvents?.() ?? [];
    for (const part of parts.length ? parts : [event]) {
      if (event.type !== "pointerdown" && part.timeStamp <= heard) continue;
      heard = part.timeStamp;
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
    afterFrame((at) => notes.answers.push({ at, count, text, value }));
  }

  // Brushing: which moves a request held, and when its answer stood in the bars.
  window.line.onSent = ({ kind, generation: number }) => {
    if (kind !== "area") return;
    newest.asked = number;
    if (mode === "brush")
      notes.sent.push({ number, at: performance.now(), count: notes.moves.length });
  };
  window.line.onHeard = ({ kind, generation: number, ...message }, [buffer]) => {
    if (kind === "network" && message.labels.length) ({ labels } = message);
    if (kind !== "checked") return;
    newest.answered = number;
    const logits = new Float32Array(buffer);
    if (mode === "brush") notes.arrived.push({ number, at: performance.now(), logits });
  };

  const numberOf = (text) => Number(text.replace("\u2212", "-"));
  /** Whether the list of classes shows an answer's logits. */
  function isShown({ logits }) {
    const rows = [...root.querySelectorAll(".cx-class:not([hidden])")];
    return rows.every((row) => {
      const label = labels.indexOf(row.querySelector(".cx-name").textContent);
      const shown = numberOf(row.querySelectorAll(".cx-number")[1].textContent);
      return Math.abs(shown - logits[label]) < 0.00501;
    });
  }

  function onBars() {
    if (mode !== "brush") return;
    const last = notes.arrived.findLastIndex(isShown);
    if (last < 0) return; // of an answer before these
    const { number, at: arrived } = notes.arrived[last];
    notes.arrived.splice(0, last + 1);
    afterFrame((at) => notes.answers.push({ at, number, arrived, right: true }));
  }

  // A single answer: `test` holds, and the map was drawn since the click.
  function look() {
    if (!wanted || !(notes.clicked > wanted.since) || drawn < notes.clicked || !wanted.test())
      return;
    const { found } = wanted;
    wanted = null;
    afterFrame((at) => found({ clicked: notes.clicked, at }));
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
      for (const type of ["pointerdown", "pointermove", "pointerrawupdate", "click"])
        window.addEventListener(type, listen, true);
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
        arrived: [],
        origin: performance.timeOrigin,
      });
    },
    stop() {
      mode = "";
      const { moves, sent, answers, origin, arrived } = notes;
      // One that is the same as the answer before it changes nothing; but it must stand there.
      const wrong = arrived.slice(-1).filter((answer) => !isShown(answer));
      for (const { number, at } of wrong) answers.push({ at, number, arrived: at, right: false });
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
    isIdle: () => newest.answered >= newest.asked,
    shape: () => {
      const { textContent } = root.querySelector(".cx-caption .cx-quiet");
      return textContent
        .match(/(\d+) × (\d+) cells/)
        .slice(1)
        .map(Number);
    },
    hasPart: () => {
      const { textContent } = root.querySelector(".cx-caption .cx-quiet");
      return textContent.includes("cells") && textContent.includes("working");
    },
    origin: () => performance.timeOrigin,
  };
})();
