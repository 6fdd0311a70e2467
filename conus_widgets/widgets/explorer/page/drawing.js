// When the page is drawn: with the next frame. A brush moves at each of them, and where one processor
// computes and draws, each drawing keeps the network waiting. So a stroke is drawn at a steady pace,
// and all beside the photograph with the answers, or now and then.

const STROKE = 30; // ms from one drawing of a stroke to the next
const WORDS = 100; // ms from one drawing of the rest to the next, if no answer comes before

/** `drawing.soon(urgent)` asks for a drawing; what the pointer does in a stroke is not urgent. */
export function makeDrawing({ inStroke, photograph, all }) {
  let [frame, timer] = [0, 0];
  let [drawn, written] = [0, 0]; // when the photograph was, and when the rest was
  let urgently = false;

  function draw(now) {
    frame = 0;
    const quick = !urgently && inStroke() && now - written < WORDS;
    [drawn, urgently] = [now, false];
    if (quick) return photograph();
    written = now;
    all();
  }
  return {
    soon(urgent = true) {
      urgently ||= urgent;
      const wait = urgently || !inStroke() ? 0 : drawn + STROKE - performance.now();
      if (wait <= 0) frame ||= requestAnimationFrame(draw);
      else
        timer ||= setTimeout(() => {
          timer = 0;
          frame ||= requestAnimationFrame(draw);
        }, wait);
    },
    stop() {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    },
  };
}
