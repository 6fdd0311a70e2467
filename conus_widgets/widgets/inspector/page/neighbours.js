// Neighbours of a photograph among the classes in question, and the places that match with one of them.

import { make } from "../../live/page/elements.js";
import { stateWords } from "./wording.js";

const ROLES = {
  answer: "what the network says",
  label: "the label",
  against: "the network's second",
  third: "most probable besides",
};

/** Numbered rings on a photograph. */
function makeMarked(label) {
  const element = make("figure", "ci-sheet");
  const picture = make("div", "ci-picture");
  const image = make("img", "", "", { alt: label, draggable: "false" });
  const rings = make("div", "ci-rings");
  const caption = make("figcaption", "ci-caption", label);
  picture.append(image, rings);
  element.append(picture, caption);
  return { element, image, rings, caption };
}

function ring([row, column], [rows, columns], number) {
  const mark = make("span", "ci-ring", String(number));
  mark.style.left = `${(100 * (column + 0.5)) / columns}%`;
  mark.style.top = `${(100 * (row + 0.5)) / rows}%`;
  mark.dataset.number = String(number);
  return mark;
}

/**
 * `match(neighbour, row)` asks for matched places; `visit(case)` opens the case of a neighbour.
 */
export function makeNeighbours({ pictures, match, visit }) {
  const element = make("section", "ci-neighbours", "", { "aria-label": "Nearest photographs" });
  const rows = make("div", "ci-rows");
  const wait = make("p", "cw-hint");
  const pair = make("div", "ci-matching", "", { hidden: "" });
  const one = makeMarked("This photograph");
  const two = makeMarked("The neighbour");
  const sheets = make("div", "ci-sheets");
  const told = make("p", "cw-hint");
  const list = make("ol", "ci-matches", "", { "aria-label": "Matched places" });
  const go = make("button", "cw-button", "Open this specimen", { type: "button" });
  const masks = make("button", "cw-button", "", { type: "button" });
  const tools = make("div", "ci-tools");
  sheets.append(one.element, two.element);
  pair.append(
    make("h4", "ci-title", "Places that look alike to the network"),
    sheets,
    told,
    list,
    tools,
  );
  tools.append(masks, go);
  element.append(
    make("h3", "ci-title", "Nearest photographs of the classes in question"),
    wait,
    rows,
    pair,
  );
  let photograph = -1;
  let chosen = null;
  let itsRow = null; // of the one that is chosen
  let masked = true; // whether places are looked for inside the specimens' masks only

  masks.addEventListener("click", () => {
    masked = !masked;
    ask();
  });
  go.addEventListener("click", () => chosen && visit(chosen.case));

  function tileOf(neighbour, row) {
    const button = make("button", "ci-neighbour", "", { type: "button", "aria-pressed": "false" });
    const holder = make("span", "ci-thumb");
    const image = make("img", "", "", { alt: "", draggable: "false" });
    holder.append(image);
    pictures.when(neighbour.photograph, false, ({ url }) => url && (image.src = url));
    const view = neighbour.view
      ? neighbour.same_view
        ? `${neighbour.view}, same`
        : neighbour.view
      : "view not known";
    const doubt = neighbour.doubt;
    const doubted = doubt && doubt.place <= Math.max(3, doubt.of / 20);
    const lines = [
      ["ci-tile-name", neighbour.name],
      ["ci-tile-said", view],
      ["ci-tile-state", stateWords(neighbour.state)],
      ["ci-doubt", doubted ? `label doubted: ${doubt.place} of ${doubt.of}` : ""],
    ];
    button.append(
      holder,
      ...lines.filter(([, text]) => text).map(([name, text]) => make("span", name, text)),
    );
    button.setAttribute(
      "aria-label",
      `${row.name}, ${neighbour.name}: ${[view, stateWords(neighbour.state) || "not reviewed", doubted ? "its label is doubted" : ""].filter(Boolean).join(", ")}. Show matched places`,
    );
    button.addEventListener("click", () => {
      for (const other of rows.querySelectorAll("[aria-pressed=true]"))
        other.setAttribute("aria-pressed", "false");
      button.setAttribute("aria-pressed", "true");
      choose(neighbour, row);
    });
    return button;
  }

  function ask() {
    masks.textContent = masked ? "Switch the masks off" : "Switch the masks on";
    list.replaceChildren();
    for (const { rings } of [one, two]) rings.replaceChildren();
    told.textContent = match(chosen, itsRow, masked);
  }

  function choose(neighbour, row) {
    chosen = neighbour;
    itsRow = row;
    masked = true;
    pair.hidden = false;
    for (const [marked, number] of [
      [one, photograph],
      [two, neighbour.photograph],
    ]) {
      marked.image.removeAttribute("src");
      const small = pictures.get(number, false);
      if (small?.url) marked.image.src = small.url;
      pictures.when(number, true, ({ url }) => url && (marked.image.src = url));
    }
    two.caption.textContent = `${neighbour.name}: ${row.name}`;
    ask();
    pair.scrollIntoView({ block: "nearest", behavior: "auto" });
  }

  return {
    element,
    clear(number) {
      photograph = number;
      chosen = null;
      pair.hidden = true;
      rows.replaceChildren();
      wait.textContent = "Being looked for ...";
    },
    show(classes) {
      wait.textContent = classes.length ? "" : "Without an answer there are no neighbours.";
      rows.replaceChildren(
        ...classes.map((row) => {
          const made = make("div", "ci-row", "", { role: "group", "aria-label": row.name });
          const head = make("div", "ci-row-head");
          head.append(
            make("span", "ci-row-name", row.name),
            make("span", "ci-row-role", `${ROLES[row.role]}, ${row.percent}`),
          );
          const strip = make("div", "ci-strip");
          strip.append(...row.photographs.map((neighbour) => tileOf(neighbour, row)));
          if (!row.photographs.length)
            strip.append(make("p", "cw-hint", "No other specimen has this label."));
          made.append(head, strip);
          return made;
        }),
      );
    },
    /** Matched places of the chosen neighbour. */
    match({ neighbour, pairs, shapes, problems, reason, masked: inside }, target) {
      if (chosen?.photograph !== neighbour || Boolean(inside) !== masked) return;
      if (reason) {
        told.textContent = reason;
        return;
      }
      one.rings.replaceChildren(...pairs.map(({ first }, n) => ring(first, shapes[0], n + 1)));
      two.rings.replaceChildren(...pairs.map(({ second }, n) => ring(second, shapes[1], n + 1)));
      list.replaceChildren(
        ...pairs.map(({ similarity, share }) =>
          make(
            "li",
            "",
            `alike by ${similarity.toFixed(2)}, ${share >= 0 ? "+" : "\u2212"}${Math.abs(share).toFixed(2)} for ${target}`,
          ),
        ),
      );
      told.textContent = [
        pairs.length
          ? `Equal numbers are each other's nearest. They are looked for ${masked ? "inside the specimens' masks only" : "everywhere: many lie on the background"}.`
          : "No place of the two specimens is each other's nearest.",
        ...problems.map((text) => `Do not trust the mask: ${text}`),
      ].join(" ");
    },
  };
}
