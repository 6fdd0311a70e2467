// The gallery: cases as thumbnails, of which only those in sight exist.

import { make, NO_SHORTCUTS, set } from "../../live/page/elements.js";
import { inSight, tiling } from "./grid.js";
import { stateWords } from "./wording.js";

const CAPTION = 62; // pixels below a thumbnail

/**
 * `askTiles(cases)` sends for what stands below thumbnails, `open(index)` opens a case. `pictures` are
 * the photographs.
 */
export function makeGallery({ pictures, askTiles, open, filtered }) {
  const element = make("section", "ci-gallery", "", {
    "aria-label": "Cases",
    tabindex: "-1",
    [NO_SHORTCUTS]: "true",
  });
  const filters = make("div", "ci-filters", "", { role: "group", "aria-label": "Filters" });
  const frame = make("div", "ci-frame", "", {
    role: "listbox",
    tabindex: "0",
    "aria-label": "Cases, worst first",
    [NO_SHORTCUTS]: "true",
  });
  const floor = make("div", "ci-floor");
  const empty = make("p", "ci-empty", "", { hidden: "" });
  frame.append(floor);
  element.append(filters, empty, frame);

  const tiles = new Map(); // case -> what stands below it
  const drawn = new Map(); // index -> element
  const unique = `ci-tile-${Math.random().toString(36).slice(2)}`;
  let cases = new Int32Array();
  let active = 0;
  let layout = tiling(800);
  let due = 0;

  function makeSelect(name, label, options) {
    const select = make("select");
    const wrapper = make("label", "cw-control");
    wrapper.append(make("span", "", label), select);
    select.replaceChildren(...options.map(([value, text]) => make("option", "", text, { value })));
    select.dataset.filter = name;
    select.addEventListener("change", filtered);
    wrapper.hidden = options.length < 2;
    return wrapper;
  }

  const rowHeight = () => layout.side + CAPTION + layout.gap;

  function place() {
    layout = tiling(frame.clientWidth - 8);
    floor.style.height = `${Math.ceil(cases.length / layout.across) * rowHeight()}px`;
    for (const one of drawn.values()) one.remove();
    drawn.clear();
    draw();
  }

  function makeTile(index) {
    const number = cases[index];
    const tile = make("div", "ci-tile", "", {
      role: "option",
      id: `${unique}-${index}`,
      "aria-setsize": String(cases.length),
      "aria-posinset": String(index + 1),
      "aria-selected": "false",
    });
    const image = make("img", "", "", { alt: "", draggable: "false" });
    const holder = make("div", "ci-thumb");
    const name = make("div", "ci-tile-name");
    const said = make("div", "ci-tile-said");
    const percent = make("span", "ci-tile-percent");
    const state = make("span", "ci-tile-state");
    const last = make("div", "ci-tile-last");
    holder.append(image);
    last.append(percent, state);
    tile.append(holder, name, said, last);
    tile.style.width = `${layout.side}px`;
    holder.style.height = `${layout.side}px`;
    const [down, across] = [Math.floor(index / layout.across), index % layout.across];
    tile.style.transform = `translate(${across * (layout.side + layout.gap)}px, ${down * rowHeight()}px)`;
    tile.index = index;
    tile.number = number;
    tile.fill = () => {
      const about = tiles.get(number);
      if (!about) return;
      set(name, { textContent: about.name });
      set(said, {
        textContent: about.answer
          ? about.label === about.answer
            ? about.label
            : `${about.label || "no label"} \u2192 ${about.answer}`
          : `${about.label}: no answer`,
        title: `label ${about.label || "none"}, network ${about.answer || "none"}`,
      });
      set(percent, { textContent: about.percent });
      set(state, { textContent: stateWords(about.state) });
      tile.dataset.state = about.state;
      set(tile, {
        "aria-label": `${about.name}: label ${about.label || "none"}, network ${about.answer || "none"} ${about.percent}. ${stateWords(about.state) || "not reviewed"}`,
      });
      if (!image.src) {
        tile.forget?.();
        tile.forget = pictures.when(about.photograph, false, ({ url, problem }) => {
          if (url) image.src = url;
          else holder.textContent = problem;
        });
      }
    };
    tile.fill();
    return tile;
  }

  function draw() {
    due = 0;
    if (!frame.clientHeight) return;
    const [first, last] = inSight({
      top: frame.scrollTop,
      height: frame.clientHeight,
      rowHeight: rowHeight(),
      across: layout.across,
      total: cases.length,
    });
    for (const [index, one] of drawn) {
      if (index >= first && index < last) continue;
      one.forget?.();
      one.remove();
      drawn.delete(index);
    }
    const missing = [];
    for (let index = first; index < last; index++) {
      if (drawn.has(index)) continue;
      const tile = makeTile(index);
      drawn.set(index, tile);
      floor.append(tile);
      if (!tiles.has(tile.number)) missing.push(tile.number);
    }
    if (missing.length) askSoon(missing);
    point();
  }

  // While somebody scrolls fast, only what stays in sight is asked for.
  let asking = 0;
  function askSoon() {
    clearTimeout(asking);
    asking = setTimeout(() => {
      const missing = [...drawn.values()].map((one) => one.number).filter((one) => !tiles.has(one));
      if (missing.length) askTiles(missing);
      const shown = [...drawn.values()].map((one) => tiles.get(one.number)?.photograph);
      pictures.request(
        shown.filter((one) => one !== undefined),
        false,
      );
    }, 60);
  }

  function point() {
    for (const [index, one] of drawn) set(one, { "aria-selected": String(index === active) });
    const tile = drawn.get(active);
    if (tile) frame.setAttribute("aria-activedescendant", tile.id);
    else frame.removeAttribute("aria-activedescendant");
  }

  function reveal() {
    const top = Math.floor(active / layout.across) * rowHeight();
    if (top < frame.scrollTop) frame.scrollTop = top;
    else if (top + rowHeight() > frame.scrollTop + frame.clientHeight)
      frame.scrollTop = top + rowHeight() - frame.clientHeight;
    draw();
  }

  function move(index) {
    active = Math.min(Math.max(index, 0), cases.length - 1);
    reveal();
  }

  frame.addEventListener("scroll", () => {
    due ||= requestAnimationFrame(draw);
    askSoon();
  });
  frame.addEventListener("click", (event) => {
    const tile = event.target.closest(".ci-tile");
    if (tile) open((active = tile.index));
  });
  frame.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(frame.clientHeight / rowHeight())) * layout.across;
    const to = {
      ArrowLeft: active - 1,
      ArrowRight: active + 1,
      ArrowUp: active - layout.across,
      ArrowDown: active + layout.across,
      PageUp: active - page,
      PageDown: active + page,
      Home: 0,
      End: cases.length - 1,
    }[event.key];
    if (to !== undefined) move(to);
    else if ((event.key === "Enter" || event.key === " ") && cases.length) open(active);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const watcher = new ResizeObserver(() => {
    if (frame.clientWidth && Math.abs(tiling(frame.clientWidth - 8).side - layout.side) > 0.5)
      place();
    else if (frame.clientWidth && !drawn.size) place();
  });
  watcher.observe(frame);

  return {
    element,
    offer({ views, regions, sureness }) {
      const plain = (all, list) => [["", all], ...list.map((one) => [one, one])];
      const kept = this.filters();
      filters.replaceChildren(
        makeSelect("view", "View", plain("all", views)),
        makeSelect("region", "Region", plain("all", regions)),
        makeSelect(
          "sureness",
          "Network is sure by",
          sureness.map((one) => [one, one || "any probability"]),
        ),
        makeSelect("reviewed", "Show", [
          ["", "all"],
          ["no", "not reviewed by me"],
          ["yes", "reviewed by me"],
        ]),
      );
      for (const select of filters.querySelectorAll("select"))
        if (kept[select.dataset.filter]) select.value = kept[select.dataset.filter];
    },
    filters: () =>
      Object.fromEntries(
        [...filters.querySelectorAll("select")].map((one) => [one.dataset.filter, one.value]),
      ),
    show(list, { reason, at = 0 } = {}) {
      const held = element === document.activeElement || frame === document.activeElement;
      cases = list;
      active = Math.min(at, Math.max(0, list.length - 1));
      empty.hidden = list.length > 0;
      empty.textContent = reason || "No case is left. Another filter shows more.";
      frame.hidden = list.length === 0;
      frame.scrollTop = 0;
      place();
      reveal();
      if (held) this.focus();
    },
    /** What stands below some thumbnails. */
    take(list) {
      for (const one of list) tiles.set(one.case, one);
      for (const tile of drawn.values()) tile.fill();
    },
    /** What is known of tiles may be another one for another reviewer. */
    forget() {
      tiles.clear();
      askSoon();
    },
    redraw: place,
    point: move,
    /** An empty list has no place for the focus: then it waits beside it. */
    focus: () => (frame.hidden ? element : frame).focus({ preventScroll: true }),
    close: () => watcher.disconnect(),
  };
}
