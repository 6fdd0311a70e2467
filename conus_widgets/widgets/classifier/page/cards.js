// The photographs on the page, each a card, and the panel for all of one specimen.

import { make } from "../../live/page/elements.js";
import { makeCard } from "./parts.js";

/** The list of cards. `remove(card)` is called for the cross of one; `orphan()` when the focus is left alone. */
export function makeCards(remove, orphan) {
  const element = make("ul", "cw-cards", "", { role: "list", "aria-label": "Photographs" });
  const all = new Set();

  const isIt = (card, { number, upload }) =>
    (number && card.number === number) || (upload && card.upload === upload);
  /** The card of a number or an upload; a new one if there is none. */
  const find = (news) => {
    const found = [...all].find((card) => isIt(card, news));
    if (found) return found;
    const card = makeCard(remove);
    all.add(card);
    element.append(card.element);
    return card;
  };
  /** Takes a card off the page; the focus goes to the next one. */
  const discard = (card) => {
    const next = card.element.nextElementSibling ?? card.element.previousElementSibling;
    const focused = card.element.contains(document.activeElement);
    all.delete(card);
    card.dispose();
    if (!focused) return;
    const heir = [...all].find((other) => other.element === next);
    if (heir) heir.focus();
    else orphan();
  };
  const where = (test) => [...all].filter(test);
  return {
    element,
    find,
    where,
    size: () => all.size,
    open: () => where((card) => !card.settled()),
    discardIf: (test) => where(test).forEach(discard),
    dispose: () => all.forEach((card) => card.dispose()),
  };
}
