// Pieces of the page: a ranking and a card. Text is set as text, never as HTML.

import { make } from "../../live/page/elements.js";
import { counted } from "../../live/page/words.js";

const WAITING = {
  preparing: "Reading ...",
  sending: "Sending ...",
  waiting: "Waiting ...",
  running: "Looking ...",
  stopped: "Stopped before its turn.",
};

/** A ranked list with bars and numbers, and what must be known beside them. */
export function makeRanking({ rows, remarks }) {
  const list = make("ol", "cw-ranking");
  for (const [index, { label, percent, probability, info }] of rows.entries()) {
    const row = make("li", "cw-row");
    const bar = make("span", "cw-bar", "", { "aria-hidden": "true" });
    bar.append(make("span", "cw-fill"));
    bar.firstChild.style.width = `${100 * probability}%`;
    const name = make("span", "cw-label", label);
    if (info) name.title = info;
    row.append(name, bar, make("span", "cw-percent", percent));
    if (info && index === 0) row.append(make("span", "cw-info", info));
    list.append(row);
  }
  const part = make("div");
  part.append(list, make("div", "cw-remarks", remarks.join(" · ")));
  return part;
}

const makeError = (text) => make("p", "cw-error", text);

/**
 * While a new answer is awaited the old one stays, pale and marked in words, so that the page does
 * not jump.
 */
function showWaiting(place, text) {
  const old = place.querySelector(".cw-remarks");
  place.classList.toggle("cw-stale", Boolean(old));
  if (old) old.textContent = text;
  else place.replaceChildren(make("p", "cw-wait", text));
}

function showAnswer(place, part) {
  place.classList.remove("cw-stale");
  place.replaceChildren(part);
}

/** The panel for several photographs of one specimen. */
export function makeSpecimen() {
  const element = make("div", "cw-specimen", "", { role: "group", "aria-label": "One specimen" });
  const title = make("div", "cw-name");
  const place = make("div", "cw-answer");
  element.append(title, place);
  const update = (specimen, count) => {
    element.hidden = count === 0;
    title.textContent = `One specimen, ${counted(count)}`;
    if (!specimen) showWaiting(place, WAITING.running);
    else
      showAnswer(place, specimen.error ? makeError(specimen.error) : makeRanking(specimen.answer));
  };
  return { element, update };
}

/** A card; `update` takes what is new of it. */
export function makeCard(remove) {
  const element = make("li", "cw-card", "", { role: "listitem" });
  const picture = make("div", "cw-picture");
  const image = make("img", "", "", { alt: "" });
  const body = make("div", "cw-body");
  const head = make("div", "cw-head");
  const name = make("span", "cw-name");
  const cross = make("button", "cw-remove", "\u00d7", { type: "button" });
  const note = make("div", "cw-note");
  const answer = make("div", "cw-answer");
  const card = { element, number: 0, name: "", state: "", answer: null, error: "" };
  let url = "";

  image.hidden = true;
  picture.append(image);
  head.append(name, cross);
  body.append(head, note, answer);
  element.append(picture, body);
  cross.addEventListener("click", () => remove(card));
  element.addEventListener("keydown", (event) => event.key === "Delete" && remove(card));

  card.focus = () => cross.focus();
  card.settled = () => ["done", "failed"].includes(card.state);
  card.show = (blob) => {
    URL.revokeObjectURL(url);
    url = URL.createObjectURL(blob);
    image.src = url;
    image.hidden = false;
  };
  card.pictured = () => Boolean(url);
  card.dispose = () => {
    URL.revokeObjectURL(url);
    element.remove();
  };
  card.update = (news) => {
    Object.assign(card, news);
    name.textContent = card.name;
    name.title = card.name;
    cross.setAttribute("aria-label", `Remove ${card.name}`);
    cross.title = "Remove (Delete)";
    if (news.note) note.textContent = news.note;
    element.dataset.state = card.state;
    element.setAttribute("aria-busy", String(!card.settled() && card.state !== "stopped"));
    if (card.error) showAnswer(answer, makeError(card.error));
    else if (card.answer) showAnswer(answer, makeRanking(card.answer));
    else if (card.state === "stopped") showAnswer(answer, make("p", "cw-wait", WAITING.stopped));
    else showWaiting(answer, WAITING[card.state] ?? "");
  };
  return card;
}
