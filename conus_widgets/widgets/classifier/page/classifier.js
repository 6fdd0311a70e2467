// The classifier on the page: photographs out, answers in.

import { boundBox, boundMenu } from "../../live/page/bound.js";
import { make } from "../../live/page/elements.js";
import { startPage } from "../../live/page/start.js";
import { footText, READYING } from "../../live/page/words.js";
import { sendFiles, settingsOf } from "../../dropzone/page/sending.js";
import { makeZone } from "../../dropzone/page/zone.js";
import { makeCards } from "./cards.js";
import { makeSpecimen } from "./parts.js";
import { makeStrip } from "./strip.js";
import { announcement, viewsOffered } from "./wording.js";

const jpeg = (bytes) => new Blob([bytes], { type: "image/jpeg" });

/** The settings: what Python can set as well. `regions` is filled when the network is loaded. */
function makeControls(page) {
  const element = make("div", "cw-controls", "", { role: "group", "aria-label": "How to look" });
  const views = boundMenu(page, "views", "Views", Number);
  const region = boundMenu(page, "region", "Region", (value) => value || null);
  region.element.hidden = true;
  page.follow("views", () => views.fill(viewsOffered(page.model.get("views"))));
  element.append(
    views.element,
    region.element,
    boundBox(
      page,
      "specimen",
      "All photographs show one specimen",
      "One answer for all photographs together",
    ),
    boundBox(
      page,
      "original",
      "Original pixels",
      "Send files unchanged instead of scaling them down in the browser first",
    ),
  );
  const offerRegions = (regions) => {
    const chosen = page.model.get("region"); // from Python it may be one that does not exist
    const unknown =
      chosen && !regions.includes(chosen) ? [[chosen, `${chosen} (does not exist)`]] : [];
    region.element.hidden = regions.length + unknown.length === 0;
    region.fill([["", "everywhere"], ...regions.map((name) => [name, name]), ...unknown]);
  };
  return { element, offerRegions };
}

function build(page) {
  const { root, model, line, tell, warn } = page;
  const cards = makeCards(remove, () => zone.focus());
  const panel = makeSpecimen();
  const controls = makeControls(page);
  const strip = makeStrip({ cancel: pressCancel, resume: pressResume, clear: pressClear });
  const zone = makeZone(root, take);
  const foot = make("p", "cw-foot");
  let network = null; // what the kernel says of it, once it is loaded
  let known;
  const loaded = new Promise((resolve) => (known = resolve));
  let specimen = null;
  let sending = 0; // drops that are not sent whole yet
  let stop = false;
  let part = 0;

  function refresh() {
    const together = model.get("specimen");
    const open = cards.where((card) => !card.settled() && card.state !== "stopped");
    const good = cards.where((card) => !card.error || card.error === specimen?.error);
    strip.refresh({
      running: (open.length > 0 || sending > 0) && !line.gone(),
      total: cards.size(),
      settled: cards.size() - open.length,
      part,
      together,
      current: network && (open.find((card) => card.state === "running") ?? open[0]),
      stopped: cards.where((card) => card.state === "stopped").length > 0,
      again: (ms) => setTimeout(refresh, ms),
    });
    root.classList.toggle("cw-together", together);
    panel.update(specimen, together ? good.length : 0);
    cards.element.hidden = cards.size() === 0;
    foot.textContent = footText(network?.notice);
  }

  // What the page sends

  let queue = Promise.resolve();
  function take(files, pasted) {
    const drop = crypto.getRandomValues(new Uint32Array(2)).join("-");
    const settings = async () => {
      await loaded; // which decides whether original pixels are wanted
      return settingsOf(model);
    };
    const show = ({ thumbnail, ...news }) => {
      const card = cards.find(news);
      if (thumbnail && !card.pictured()) card.show(thumbnail);
      if (news.state === "sent") return; // the kernel's own message says what comes now
      card.update(news);
      refresh();
    };
    sending += 1;
    stop = false;
    strip.speak(network ? "" : READYING);
    queue = queue.then(async () => {
      tell("begin", { drop });
      await sendFiles(line, files, { pasted, settings, show, stopped: () => stop });
      sending -= 1;
      tell("end", { drop });
      const refused = cards.where((card) => card.error && !card.number && !card.said);
      if (refused.length) strip.speak(announcement({ cards: refused }));
      for (const card of refused) card.said = true;
      refresh();
    });
    refresh();
  }

  function remove(card) {
    if (line.gone()) return;
    strip.speak(`${card.name} removed.`);
    card.leaving = true;
    if (card.number) tell("remove", { number: card.number });
    else cards.discardIf((other) => other === card);
    refresh();
  }

  // The button that had the focus goes away: the focus goes to the zone.

  function pressCancel() {
    stop = true;
    tell("cancel");
    zone.focus();
  }
  function pressResume() {
    tell("resume");
    zone.focus();
  }
  function pressClear() {
    stop = true;
    cards.discardIf((card) => !card.number);
    tell("clear");
    strip.speak("Cleared.");
    zone.focus();
  }
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !strip.isBusy()) return;
    stop = true;
    tell("cancel");
  });

  // What the page hears

  const kinds = {
    state(message, buffers) {
      const numbers = new Set(message.cards.map((card) => card.number));
      cards.discardIf((card) => card.number && !numbers.has(card.number));
      for (const news of message.cards) cards.find(news).update(news);
      message.pictured.forEach((number, i) => cards.find({ number }).show(jpeg(buffers[i])));
      specimen = message.specimen;
      getReady(message);
    },
    card(message, buffers) {
      const card = cards.find(message.card);
      card.update(message.card);
      if (buffers.length && !card.pictured()) card.show(jpeg(buffers[0]));
      if (card.state === "running") part = 0;
      if (!card.settled()) specimen = null;
    },
    removed({ numbers }) {
      cards.discardIf((card) => numbers.includes(card.number));
    },
    progress(message) {
      part = message.part;
    },
    finished(message) {
      specimen = message.specimen;
      const answered = cards.where((card) => message.numbers.includes(card.number));
      const done = answered.filter((card) => !card.leaving);
      // What was said of a card that was taken away while it was computed still holds.
      if (answered.length && !done.length) return;
      const { stopped } = message;
      strip.speak(announcement({ cards: done, specimen, stopped, open: cards.open().length }));
    },
  };

  function getReady({ phase, problem, notice, regions }) {
    if (phase === "failed") {
      page.offerAgain(problem, () => strip.speak(READYING));
      strip.speak("");
      return;
    }
    if (phase === "ready" && strip.isReadying()) strip.speak(cards.size() ? "" : "Ready.");
    if (phase === "loading") return;
    if (problem) warn(problem);
    network = { notice };
    controls.offerRegions(regions);
    known();
  }

  function lost() {
    zone.disable(true);
    for (const control of root.querySelectorAll("select, input, .cw-strip button, .cw-remove"))
      control.disabled = true;
    for (const card of cards.open())
      card.update({ state: "failed", error: `${card.name}: no answer.` });
    strip.speak("");
    refresh();
  }

  root.append(zone.element, controls.element, strip.element, panel.element, cards.element, foot);
  page.follow("specimen", refresh);
  page.follow("region", () => network && warn(""));
  page.atEnd(cards.dispose);
  return { kinds, lost, after: refresh };
}

const render = (view) => startPage(view, "cw-classifier", build);

export default { render };
