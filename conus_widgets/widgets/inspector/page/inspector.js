// The inspector on the page: from the matrix to a list, to a case, to a verdict.

import { make, NO_SHORTCUTS } from "../../live/page/elements.js";
import { makePictures } from "../../live/page/pictures.js";
import { startPage } from "../../live/page/start.js";
import { makeBlind } from "./blind.js";
import { makeFoot, makeHead } from "./desk.js";
import { makeReceiver, saveFile, sendParts } from "./files.js";
import { makeGallery } from "./gallery.js";
import { makeKeys } from "./keys.js";
import { makeLists } from "./lists.js";
import { makeMatrix } from "./matrix.js";
import { makeOpened } from "./opened.js";
import { openOutbox } from "./outbox.js";
import { readMap } from "./stage.js";
import { makeJudging } from "./judging.js";

const storageOf = () => {
  try {
    return window.localStorage;
  } catch {
    return null; // forbidden by the browser's settings
  }
};

function build({ root, line, tell, warn, atEnd }) {
  root.setAttribute(NO_SHORTCUTS, "true");
  root.tabIndex = -1;
  const status = make("div", "cw-status", "Being opened ...", { role: "status" });
  const trail = make("nav", "ci-trail", "", { "aria-label": "Where you are" });
  const where = make("div", "ci-where");
  const overview = make("div", "ci-overview");
  const list = make("div", "ci-list", "", { hidden: "" });
  const say = (text) => (status.textContent = text);
  const post = (kind, content) => line.send({ kind, ...content }).catch(() => {});

  let state = null;
  let step = "overview";
  let query = null; // {query, title}
  let request = 0;
  let wanted = null; // what becomes of the list that was asked for

  const pictures = makePictures((photographs, large) => post("pictures", { photographs, large }));
  const matrix = makeMatrix((a, b) =>
    openList({ kind: "cell", a, b }, a === b ? `${a}, named rightly` : `${a}, taken for ${b}`),
  );
  const lists = makeLists((what, title) => openList(what, title));
  const gallery = makeGallery({
    pictures,
    askTiles: (cases) => post("tiles", { cases }),
    open: (index) => opened.open(index),
    filtered: () => askList(),
  });
  const keys = makeKeys(() => step === "case" && opened.focus());
  const head = makeHead({
    sign: (by, orcid) => tell("sign", { by, orcid }),
    again: () => judging.again(),
    download: () =>
      saveFile(
        `${state?.blind ? "decisions" : "verdicts"}-of-this-browser.jsonl`,
        judging.waiting().map((one) => `${JSON.stringify(judging.asLine(one))}\n`),
        "application/json",
      ),
  });
  const foot = makeFoot({
    paper(kind) {
      say("Being made ...");
      tell("paper", { paper: kind });
    },
    log: () => tell("log"),
    upload: (file) => sendParts(line, file).catch((error) => warn(error.message)),
  });
  const receiver = makeReceiver();
  const judging = makeJudging({
    line,
    say,
    changed: () => {
      head.waiting(judging.waiting().length, judging.how());
      opened.undoable(judging.canUndo());
      opened.showUnsaved();
    },
    askName: () => head.askName(),
  });
  const opened = makeOpened({
    pictures,
    post,
    tell,
    say,
    judging,
    keys,
    back: () => go(query ? "list" : "overview"),
    shown: () => go("case"),
    listed: (index) => gallery.point(index),
  });
  const blind = makeBlind({ pictures, post, judging, hasNetwork: () => opened.hasNetwork() });
  const title = make("h3", "ci-title");

  function crumb(text, to) {
    const button = make("button", "ci-link", text, { type: "button" });
    button.addEventListener("click", () => go(to));
    return button;
  }

  function go(to) {
    const moved = to !== step;
    step = to;
    overview.hidden = to !== "overview";
    list.hidden = to !== "list";
    opened.element.hidden = to !== "case";
    const parts = [to === "overview" ? make("span", "", "Matrix") : crumb("Matrix", "overview")];
    if (query && to !== "overview")
      parts.push(to === "list" ? make("span", "", query.title) : crumb(query.title, "list"));
    if (to === "case") parts.push(make("span", "", opened.name()));
    parts.at(-1).setAttribute("aria-current", "page");
    trail.replaceChildren(
      ...parts.flatMap((part, index) =>
        index ? [make("span", "ci-sep", "\u203a"), part] : [part],
      ),
    );
    if (to !== "case") opened.leave();
    if (!moved) return;
    if (to === "list") gallery.redraw();
    // What had the focus is hidden now; without one, the notebook would take the next key.
    if (to === "overview") matrix.focus();
    else if (to === "list") gallery.focus();
    else opened.focus();
    if (root.getBoundingClientRect().top < 0) trail.scrollIntoView({ block: "nearest" });
  }

  function openList(what, name) {
    query = { query: what, title: name };
    title.textContent = name;
    gallery.show(new Int32Array(), { reason: "Being looked for ..." });
    go("list");
    askList();
  }

  function askList() {
    if (!query) return;
    request += 1;
    wanted = `${line.name} ${request}`;
    tell("list", { query: query.query, filters: gallery.filters(), request: wanted });
  }

  list.append(title, gallery.element);
  overview.append(matrix.element, lists.element);
  where.append(trail, status);
  root.append(head.element, where, overview, list, opened.element, foot.element, keys.element);
  root.addEventListener("keydown", (event) => {
    if (state?.blind) return blind.press(event);
    if (event.key === "Escape" && step !== "overview" && !event.defaultPrevented) {
      event.preventDefault();
      event.stopPropagation();
      if (step === "case") opened.goBack();
      else go("overview");
    } else if (step === "case") opened.press(event);
  });
  go("overview");
  const onConnection = () => judging.again();
  atEnd(() => {
    judging.close();
    gallery.close();
    pictures.close();
  });

  const kinds = {
    state(news) {
      const first =
        !state || state.fingerprint !== news.fingerprint || state.reviewer !== news.reviewer;
      state = news;
      head.state(news);
      foot.state(news);
      gallery.offer(news);
      if (first) judging.open(openOutbox(storageOf(), news.fingerprint, news.reviewer), news);
      else judging.renew(news);
      if (first) {
        opened.forget();
        gallery.forget();
      }
      if (news.blind) {
        // Matrix, lists and papers would tell.
        for (const one of [trail, overview]) one.hidden = true;
        foot.blind();
        foot.element.before(blind.element);
        blind.offer(news);
      }
      if (status.textContent === "Being opened ...") say("Ready.");
    },
    network: (news) => {
      opened.network(news);
      if (news.remark || news.problem) warn(news.remark || news.problem, "network");
    },
    numbers(news) {
      head.numbers(news);
      matrix.show(news);
      lists.show(news);
      opened.offer({ ...state, names: news.names.slice(0, news.classes) });
    },
    study(news) {
      lists.study(news);
      opened.renew();
      if (step === "list" && ["suggestions", "slice"].includes(query.query.kind)) askList();
    },
    list(news, [buffer]) {
      if (news.request !== wanted) return;
      const found = new Int32Array(
        buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength),
      );
      gallery.show(found);
      opened.list(found);
      title.textContent = `${query.title}: ${found.length.toLocaleString("en")} ${found.length === 1 ? "case" : "cases"}`;
    },
    tiles: ({ tiles }) => gallery.take(tiles),
    picture: (news, [bytes]) => pictures.take(news, bytes),
    case: (news) => opened.take(news),
    changed(news) {
      gallery.take([news]);
      opened.changed(news);
    },
    noted: () => opened.renew(),
    nearest: (news) => opened.nearest(news),
    async map(news, buffers) {
      const whole = await readMap(news, buffers);
      if (state?.blind) blind.map(whole);
      else opened.map(news, whole);
    },
    blind: (news) => blind.show(news),
    no_reason: (news) => opened.noReason(news),
    patches: (news) => opened.patches(news),
    saved: (news) => judging.saved(news),
    refused: (news) => judging.refused(news),
    undone: ({ line: id }) => judging.undone(id),
    open: ({ case: number }) => opened.visit(number),
    file(news, [bytes]) {
      const name = receiver.take(news, bytes);
      if (name) say(`${name} was handed to the browser.`);
    },
    merged: ({ text }) => say(`The log was merged: ${text}`),
    opened: ({ problem }) => say(problem || "The Explorer is below."),
  };
  return { kinds, lost: onConnection };
}

const render = (context) => startPage(context, "cw-inspector", build);

export default { render };
