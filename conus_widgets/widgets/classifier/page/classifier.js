// The classifier on the page.

import { openLine } from "../../live/page/connection.js";
import { sendFiles } from "../../dropzone/page/sending.js";
import { make } from "../../live/page/elements.js";
import { makeZone } from "../../dropzone/page/zone.js";
import { hidePicture, isAlive, showDead } from "../../live/page/saved.js";
import { makeCard, makeSpecimen } from "./parts.js";
import { announcement, progressText, viewsOffered } from "./wording.js";

const READYING = "Getting the network ready ...";
const SHORT = 300; // ms; work that is over sooner shows no progress
const HOME = "Photographs stay on the machine that runs this notebook.";

/** A labelled control bound to a trait of the model. */
function makeSelect(model, trait, label, parse) {
  const select = make("select");
  const wrapper = make("label", "cw-control");
  wrapper.append(make("span", "", label), select);
  const follow = () => (select.value = String(model.get(trait) ?? ""));
  select.addEventListener("change", () => {
    model.set(trait, parse(select.value));
    model.save_changes();
  });
  model.on(`change:${trait}`, follow);
  const fill = (options) => {
    select.replaceChildren(...options.map(([value, text]) => make("option", "", text, { value })));
    follow();
  };
  return { wrapper, fill };
}

function makeCheck(model, trait, label, title) {
  const box = make("input", "", "", { type: "checkbox" });
  const wrapper = make("label", "cw-control", "", { title });
  wrapper.append(box, make("span", "", label));
  const follow = () => (box.checked = model.get(trait));
  box.addEventListener("change", () => {
    model.set(trait, box.checked);
    model.save_changes();
  });
  model.on(`change:${trait}`, follow);
  follow();
  return wrapper;
}

function render({ model, el }) {
  if (!isAlive(el)) return showDead(el);
  const root = make("div", "cw-root cw-classifier");
  const warning = make("div", "cw-warning", "", { role: "alert", hidden: "" });
  const controls = make("div", "cw-controls", "", { role: "group", "aria-label": "How to look" });
  const strip = make("div", "cw-strip");
  const progress = make("progress", "", "", { max: "1", "aria-label": "Progress" });
  const doing = make("span", "cw-doing");
  const status = make("div", "cw-status", READYING, { role: "status" });
  const cancel = make("button", "cw-button", "Cancel", { type: "button", title: "Esc" });
  const resume = make("button", "cw-button", "Go on", { type: "button" });
  const clear = make("button", "cw-button", "Clear all", { type: "button" });
  const panel = makeSpecimen();
  const list = make("ul", "cw-cards", "", { role: "list", "aria-label": "Photographs" });
  const foot = make("p", "cw-foot", HOME);

  const cards = new Set();
  let network = null; // what the kernel says of it, once it is loaded
  let known;
  const loaded = new Promise((resolve) => (known = resolve));
  let specimen = null;
  let sending = 0;
  let stop = false;
  let since = 0; // when the running work began
  let part = 0;

  const line = openLine(model, el, { listen, say });
  const zone = makeZone(root, take);

  function warn(text) {
    warning.replaceChildren(text);
    warning.hidden = !text;
    delete warning.dataset.line;
  }

  function say(text, gone) {
    // What the line says goes away when all is well again; what is wrong with the network stays.
    if (text || warning.dataset.line) warn(text);
    if (text) warning.dataset.line = "1";
    if (gone) {
      zone.disable(true);
      for (const control of root.querySelectorAll("select, input, .cw-strip button, .cw-remove"))
        control.disabled = true;
      for (const card of cards)
        if (!card.settled()) card.update({ state: "failed", error: `${card.name}: no answer.` });
      status.textContent = "";
      refresh();
    }
  }

  function find({ number, upload }) {
    for (const card of cards) {
      if ((number && card.number === number) || (upload && card.upload === upload)) return card;
    }
    const card = makeCard(remove);
    cards.add(card);
    list.append(card.element);
    return card;
  }

  function discard(card) {
    const next = card.element.nextElementSibling ?? card.element.previousElementSibling;
    const focused = card.element.contains(document.activeElement);
    cards.delete(card);
    card.dispose();
    if (!focused) return;
    const heir = [...cards].find((other) => other.element === next);
    if (heir) heir.focus();
    else zone.focus();
  }

  function remove(card) {
    if (line.gone()) return;
    status.textContent = `${card.name} removed.`;
    card.leaving = true;
    if (card.number) tell("remove", { number: card.number });
    else discard(card);
    refresh();
  }

  const tell = (kind, content = {}) => line.send({ kind, ...content }).catch(() => {});

  let queue = Promise.resolve();
  function take(files, pasted) {
    const drop = crypto.getRandomValues(new Uint32Array(2)).join("-");
    const settings = async () => {
      await loaded;
      return {
        original: model.get("original"),
        longSide: model.get("long_side"),
        limit: model.get("limit"),
      };
    };
    const show = ({ thumbnail, ...news }) => {
      const card = find(news);
      if (thumbnail && !card.pictured()) card.show(thumbnail);
      if (news.state === "sent") return; // the kernel's own message says what comes now
      card.update(news);
      refresh();
    };
    sending += 1;
    stop = false;
    status.textContent = network ? "" : READYING;
    queue = queue.then(async () => {
      tell("begin", { drop });
      await sendFiles(line, files, { pasted, settings, show, stopped: () => stop });
      sending -= 1;
      tell("end", { drop });
      const refused = [...cards].filter((card) => card.error && !card.number && !card.said);
      if (refused.length) status.textContent = announcement({ cards: refused });
      for (const card of refused) card.said = true;
      refresh();
    });
    refresh();
  }

  function refresh() {
    const total = cards.size;
    const together = model.get("specimen");
    const open = [...cards].filter((card) => !card.settled() && card.state !== "stopped");
    const running = (open.length > 0 || sending > 0) && !line.gone();
    if (running && !since) {
      since = Date.now();
      setTimeout(refresh, SHORT);
      if (status.textContent !== READYING) status.textContent = "";
    }
    if (!running) since = 0;
    progress.hidden = doing.hidden = cancel.hidden = !since || Date.now() - since < SHORT;
    const settled = total - open.length;
    const current = open.find((card) => card.state === "running") ?? open[0];
    progress.value = total
      ? Math.min(1, (together ? part : settled + part) / (together ? 1 : total))
      : 0;
    doing.textContent = current && network ? progressText(settled, total, current.name) : READYING;
    resume.hidden = running || ![...cards].some((card) => card.state === "stopped");
    clear.hidden = total === 0;
    root.classList.toggle("cw-together", together);
    const good = [...cards].filter((card) => !card.error || card.error === specimen?.error);
    panel.update(specimen, together ? good.length : 0);
    list.hidden = total === 0;
    foot.textContent = network?.notice ? `${HOME} Network: ${network.notice}.` : HOME;
  }

  function listen(message, buffers = []) {
    const picture = (index) => new Blob([buffers[index]], { type: "image/jpeg" });
    if (message.kind === "state") {
      const numbers = new Set(message.cards.map((card) => card.number));
      for (const card of cards) if (card.number && !numbers.has(card.number)) discard(card);
      for (const news of message.cards) find(news).update(news);
      message.pictured.forEach((number, index) => find({ number }).show(picture(index)));
      specimen = message.specimen;
      getReady(message);
    } else if (message.kind === "card") {
      const card = find(message.card);
      card.update(message.card);
      if (buffers.length && !card.pictured()) card.show(picture(0));
      if (card.state === "running") part = 0;
      if (!card.settled()) specimen = null;
    } else if (message.kind === "removed") {
      for (const card of cards) if (message.numbers.includes(card.number)) discard(card);
    } else if (message.kind === "progress") {
      part = message.part;
    } else if (message.kind === "finished") {
      specimen = message.specimen;
      const answered = [...cards].filter((card) => message.numbers.includes(card.number));
      const done = answered.filter((card) => !card.leaving);
      const open = [...cards].filter((card) => !card.settled()).length;
      // What was said of a card that was taken away while it was computed still holds.
      if (done.length || !answered.length)
        status.textContent = announcement({
          cards: done,
          specimen,
          stopped: message.stopped,
          open,
        });
    }
    refresh();
  }

  function getReady({ phase, problem, notice, regions }) {
    if (phase === "failed") {
      warn(problem);
      const again = make("button", "cw-button", "Try again", { type: "button" });
      again.addEventListener("click", () => {
        warn("");
        status.textContent = READYING;
        tell("resume");
      });
      warning.append(" ", again);
      status.textContent = "";
      return;
    }
    if (phase === "ready" && status.textContent === READYING)
      status.textContent = cards.size ? "" : "Ready.";
    if (phase === "loading") return;
    if (problem) warn(problem);
    network = { notice };
    const chosen = model.get("region"); // from Python it may be one that does not exist
    const unknown =
      chosen && !regions.includes(chosen) ? [[chosen, `${chosen} (does not exist)`]] : [];
    region.wrapper.hidden = regions.length + unknown.length === 0;
    region.fill([["", "everywhere"], ...regions.map((name) => [name, name]), ...unknown]);
    known();
  }

  const views = makeSelect(model, "views", "Views", Number);
  const offer = () => views.fill(viewsOffered(model.get("views")));
  model.on("change:views", offer); // Python may set any number
  offer();
  const region = makeSelect(model, "region", "Region", (value) => value || null);
  region.wrapper.hidden = true;
  controls.append(
    views.wrapper,
    region.wrapper,
    makeCheck(
      model,
      "specimen",
      "All photographs show one specimen",
      "One answer for all photographs together",
    ),
    makeCheck(
      model,
      "original",
      "Original pixels",
      "Send files unchanged instead of scaling them down in the browser first",
    ),
  );
  model.on("change:specimen", refresh);
  model.on("change:region", () => network && warn(""));

  const cancelAll = () => {
    stop = true;
    tell("cancel");
  };
  cancel.addEventListener("click", () => {
    cancelAll();
    zone.focus(); // the button that had the focus goes away
  });
  resume.addEventListener("click", () => {
    tell("resume");
    zone.focus();
  });
  clear.addEventListener("click", () => {
    stop = true;
    for (const card of cards) if (!card.number) discard(card);
    tell("clear");
    status.textContent = "Cleared.";
    zone.focus();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && since) cancelAll();
  });

  const showPicture = hidePicture(model);

  strip.append(progress, doing, status, cancel, resume, clear);
  root.append(warning, zone.element, controls, strip, panel.element, list, foot);
  el.append(root);
  refresh();
  tell("hello");

  return () => {
    line.close();
    showPicture();
    for (const card of cards) card.dispose();
  };
}

export default { render };
