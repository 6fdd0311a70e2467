// The case that is open, the ones before and after it, and what is still to come of them.

import { makeAhead } from "./ahead.js";
import { makeCache } from "./cache.js";
import { makeCase } from "./case.js";
import { makeGuard } from "./guard.js";
import { makeShortcuts } from "./shortcuts.js";

const CASES = 60;
const MAPS = 60;

/** `shown()` when a case is shown, `back()` when somebody leaves it, `listed(index)` when another one is open. */
export function makeOpened({ pictures, post, tell, say, judging, keys, back, shown, listed }) {
  const cases = makeCache(CASES); // number -> {news, age}
  const nearest = makeCache(CASES); // photograph -> {classes, age}
  const maps = makeCache(MAPS);
  const guard = makeGuard();
  let list = new Int32Array();
  let index = -1;
  let current = null; // what is shown
  let awaited = -1; // the case that is to be shown as soon as it is there
  let network = { state: "none" };
  let opener = 0;
  // What is older than these is shown, and asked for again: the page never waits for what it has.
  let casesAge = 0;
  let nearestAge = 0;
  const ahead = makeAhead({ has: cases.has, post });

  const view = makeCase({
    pictures,
    calls: {
      judge,
      note,
      undo,
      back,
      step,
      match,
      visit,
      painted,
      choose,
      explore,
      showKeys: () => keys.open(),
    },
  });
  view.element.hidden = true;
  const hasNetwork = () => network.state === "ready" || network.state === "loading";
  const aim = () => ({ target: current.named.class, other: current.against.class });
  const mapKey = (photograph, { target, other }) => `${photograph} ${target} ${other}`;

  function close() {
    guard.close();
    clearTimeout(opener);
    view.verdicts.ready(false);
  }

  function open(place) {
    index = place;
    visit(list[place]);
    listed(place);
  }

  /** Opens a case by its number, also one that is in no list. */
  function visit(number) {
    close();
    awaited = number;
    if (list[index] !== number) {
      const place = list.indexOf(number);
      index = place;
    }
    const held = cases.get(number);
    if (!held) {
      view.wait({ index, total: index < 0 ? 0 : list.length });
      tell("case", { case: number });
      return;
    }
    show(held.news);
    if (held.age < casesAge) post("case", { case: number, ahead: true });
  }

  function show(news) {
    current = news;
    awaited = -1;
    view.show(news, { index, total: index < 0 ? 0 : list.length });
    showUnsaved();
    shown();
    choose(news.photographs[0].number);
  }

  /** Shows a photograph of the case: its map, its neighbours. */
  function choose(photograph) {
    if (!current) return;
    close();
    view.stage.show(current, photograph, { hasNetwork: hasNetwork() });
    view.neighbours.clear(photograph);
    const near = nearest.get(photograph);
    if (near) view.neighbours.show(near.classes);
    if (!near || near.age < nearestAge) post("nearest", { photograph });
    showMap(photograph);
  }

  /** What was said of this case and the disk does not have yet. */
  function showUnsaved() {
    const ours = judging.waiting().filter((one) => current && one.case === current.name);
    view.verdicts.unsaved(ours);
  }

  function showMap(photograph) {
    if (!current || current.named.class < 0) return;
    const held = maps.get(mapKey(photograph, aim()));
    if (held) view.stage.map(held, current.named.name, current.against.name);
    else if (hasNetwork()) post("map", { photograph, ...aim() });
    else if (network.state === "failed") view.stage.noMap("The network could not be loaded.");
  }

  // A case is open when its photograph can be seen, two frames later at the latest.
  function painted() {
    const of = current?.case;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (of !== current?.case || awaited >= 0 || view.element.hidden) return;
        guard.painted();
        opener = setTimeout(() => view.verdicts.ready(guard.isOpen()), 310);
        fetchAhead();
      }),
    );
  }

  function fetchAhead() {
    if (index < 0) return;
    const next = cases.get(list[index + 1])?.news;
    if (next) mapAhead(next);
    ahead.fetch(list, index);
  }

  function mapAhead({ photographs: [{ number: photograph }], named, against }) {
    const between = { target: named.class, other: against.class };
    if (named.class >= 0 && hasNetwork() && !maps.has(mapKey(photograph, between)))
      post("map", { photograph, ...between, ahead: true });
  }

  function step(by) {
    const to = index + by;
    if (to < 0 || to >= list.length || index < 0) {
      say(by > 0 ? "This was the last case of the list." : "This is the first case of the list.");
      return;
    }
    open(to);
  }

  function judge({ kind, whole, ...parts }) {
    if (!guard.isOpen() || !current) return false;
    const number = view.stage.photograph();
    const seen = current.photographs.find((one) => one.number === number);
    const given = judging.give(
      {
        kind,
        whole,
        case: current.name,
        seen: seen.digest,
        seconds: Math.round(10 * guard.seconds()) / 10,
        ...parts,
      },
      current.name,
      current.case,
    );
    if (!given) return false;
    const alone = current.photographs.length === 1;
    if (whole || alone) {
      close();
      const last = index < 0 || index >= list.length - 1;
      if (last) {
        painted();
        if (index >= 0)
          say(`${current.name}: kept. This was the last case of the list. Being saved ...`);
      } else {
        step(1);
        view.focus();
      }
    } else {
      const at = current.photographs.indexOf(seen);
      choose(current.photographs[(at + 1) % current.photographs.length].number);
    }
    return true;
  }

  function note(text, isPair) {
    if (!current) return false;
    const about = isPair
      ? { kind: "pair note", pair: current.pair, case: "" }
      : { kind: "note", case: current.name };
    const given = judging.give(
      { ...about, note: text },
      isPair ? current.pair.join(" / ") : current.name,
      current.case,
    );
    if (given) view.focus();
    return Boolean(given);
  }

  function undo() {
    const newest = judging.undo();
    if (!newest) return;
    // The one that was taken back is shown again: somebody wants to judge it otherwise.
    const number = newest.number ?? numberOf(newest.case);
    if (number >= 0 && number !== current?.case) visit(number);
    else painted();
  }

  const numberOf = (name) => {
    for (const number of list) if (cases.get(number)?.news.name === name) return number;
    return current?.name === name ? current.case : -1;
  };

  function match(neighbour, row, masked) {
    if (!hasNetwork())
      return "Without the network there are no matched places: give Inspector a predictor.";
    const answer = current.named;
    const other = row.class === answer.class ? current.against.class : answer.class;
    post("patches", {
      photograph: view.stage.photograph(),
      neighbour: neighbour.photograph,
      target: row.class,
      other,
      masked,
    });
    matching = row.name;
    return "The network is asked about both photographs ...";
  }
  let matching = "";

  function explore() {
    const photograph = view.stage.photograph();
    tell("explore", { photograph, target: current.named.class, against: current.against.class });
  }

  function turn(by) {
    const among = current?.photographs.map(({ number }) => number) ?? [];
    const at = among.indexOf(view.stage.photograph()) + by;
    if (at >= 0 && at < among.length) choose(among[at]);
  }

  const press = makeShortcuts({
    step,
    turn,
    undo,
    verdicts: view.verdicts,
    enlarge: () => view.stage.enlarge(),
    showKeys: () => keys.open(),
    isOpen: guard.isOpen,
  });

  function renew() {
    casesAge += 1;
    nearestAge += 1;
    if (!current || view.element.hidden) return;
    post("case", { case: current.case, ahead: true });
    post("nearest", { photograph: view.stage.photograph() });
  }

  return {
    element: view.element,
    open,
    visit,
    press,
    list: (news) => (list = news),
    name: () => current?.name ?? "",
    focus: () => view.focus(),
    leave: close,
    hasNetwork,
    goBack: back,
    offer: (news) => view.verdicts.offer(news),
    undoable: (state) => view.verdicts.undoable(state),
    /** Somebody else judges: nothing that was told to the one before may be seen. */
    forget() {
      cases.clear();
      nearest.clear();
      renew();
    },
    /** Studies have ended, or a pair has a note: cases are told again. */
    renew,
    showUnsaved,
    network(news) {
      const before = hasNetwork();
      network = news;
      if (current && !view.element.hidden && (before !== hasNetwork() || news.state === "failed"))
        choose(view.stage.photograph());
    },
    take(news) {
      cases.set(news.case, { news, age: casesAge });
      ahead.arrived(news.case);
      if (news.case === awaited) show(news);
      else if (news.case === current?.case && awaited < 0) view.renew((current = news));
      // The one that is open comes first: its own answers bring the next ones on.
      if (news.ahead && awaited < 0 && guard.isPainted()) fetchAhead();
    },
    changed(news) {
      if (cases.has(news.case)) cases.set(news.case, { news, age: casesAge });
      nearestAge += 1;
      if (news.case !== current?.case) return;
      current = news;
      if (awaited < 0) view.renew(news);
    },
    nearest({ photograph, classes }) {
      nearest.set(photograph, { classes, age: nearestAge });
      if (photograph === view.stage.photograph()) view.neighbours.show(classes);
    },
    map(news, whole) {
      maps.set(mapKey(news.photograph, news), whole);
      if (current && news.photograph === view.stage.photograph())
        view.stage.map(whole, current.named.name, current.against.name);
    },
    noReason(news) {
      if (news.neighbour !== undefined) view.neighbours.match({ ...news, pairs: [] }, "");
      else if (news.photograph === view.stage.photograph()) view.stage.noMap(news.reason);
    },
    patches(news) {
      if (news.photograph === view.stage.photograph()) view.neighbours.match(news, matching);
    },
  };
}
