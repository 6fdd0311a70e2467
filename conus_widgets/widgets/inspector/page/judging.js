// Judging: what somebody says becomes a verdict that is kept until the disk has it.

import { makeOrder } from "./outbox.js";
import { makeSender, makeUuid } from "./sender.js";

const TEXTS = {
  right: "the label is right",
  wrong: "the label is wrong",
  "no class": "none of the classes",
  "not this specimen": "a photograph of another specimen",
  unusable: "the photograph cannot be used",
  ambiguous: "it cannot be told",
  decision: "decided",
  note: "a note",
  "pair note": "a note on the pair",
};

/** `say(text)` speaks; `changed()` when something was given, saved or refused; `askName()` if nobody signed. */
export function makeJudging({ line, say, changed, askName }) {
  const order = makeOrder();
  let reviewer = "";
  let orcid = "";
  let stack = []; // one's own lines that can be taken back: {id, case, kind, name}
  const sender = makeSender({
    send: (verdict) => line.send({ kind: "verdict", verdict }).catch(() => {}),
    changed,
    isGone: line.gone,
  });

  const put = (verdict) => {
    const whole = { id: makeUuid(), at: new Date().toISOString(), order: order(), ...verdict };
    sender.add(whole);
    return whole;
  };
  const isMine = () => {
    if (reviewer) return true;
    say("Write your name first: every verdict is signed.");
    askName();
    return false;
  };

  return {
    open(outbox, news) {
      ({ reviewer, orcid } = news);
      stack = news.mine.slice();
      if (!reviewer) return;
      const kept = outbox.all();
      for (const one of kept)
        if (one.kind !== "undo") stack.push(one);
        else stack = stack.filter(({ id }) => id !== one.undoes);
      if (kept.length)
        say(
          `${kept.length === 1 ? "1 verdict" : `${kept.length} verdicts`} that this browser kept: sent now.`,
        );
      sender.open(outbox);
    },
    renew: (news) => {
      const waiting = sender.waiting().filter((one) => one.kind !== "undo");
      stack = [
        ...news.mine,
        ...waiting.filter(({ id }) => !news.mine.some((one) => one.id === id)),
      ];
      changed();
    },
    /** Gives a verdict or note; returns it, or null if nobody has signed. */
    give(verdict, name, number) {
      if (!isMine()) return null;
      const made = put(verdict);
      if (verdict.kind !== "decision") stack.push({ ...made, name, number });
      changed();
      say(`${name}: ${TEXTS[verdict.kind]}. Being saved ...`);
      return made;
    },
    /** Takes the newest back; returns it, or null. */
    undo() {
      const newest = stack.pop();
      if (!newest) {
        say("There is nothing of this session to take back.");
        return null;
      }
      put({ kind: "undo", case: newest.case ?? "", undoes: newest.id });
      say(`${newest.name ?? newest.case}: taken back. Being saved ...`);
      return newest;
    },
    canUndo: () => stack.length > 0,
    saved({ line: id, case: name, verdict, undoes }) {
      const ours = sender.saved(id);
      if (verdict === "undo") stack = stack.filter((one) => one.id !== undoes);
      else if (verdict !== "decision" && !stack.some((one) => one.id === id))
        stack.push({ id, case: name, kind: verdict });
      changed();
      const what = verdict === "undo" ? "taken back" : TEXTS[verdict];
      if (ours) say(`${name}: ${what}. Saved.`);
    },
    refused({ line: id, reason, final }) {
      sender.refused(id, reason, final);
      stack = final ? stack.filter((one) => one.id !== id) : stack;
      changed();
      say("");
    },
    undone(id) {
      stack = stack.filter((one) => one.id !== id);
      changed();
    },
    /** A verdict as a line of a log, for those that only this browser has; a decision as it was given. */
    asLine({ pair, whole, ...verdict }) {
      delete verdict.order; // which are none of a log
      delete verdict.refused;
      const photograph = whole === false ? verdict.seen : "";
      const name = pair ? { case: pair.toSorted().join(" / ") } : {};
      return { ...verdict, ...name, photograph, by: reviewer, orcid };
    },
    again: () => {
      sender.again();
      changed();
    },
    waiting: () => sender.waiting(),
    how: () => sender.how(),
    close: () => sender.close(),
  };
}
