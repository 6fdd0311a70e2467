// What the keys do while a case is open.

/** Returns what takes a key; `isOpen()` says whether verdicts are taken now. */
export function makeShortcuts({ step, turn, undo, verdicts, enlarge, showKeys, isOpen }) {
  const acts = {
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    ArrowUp: () => turn(-1),
    ArrowDown: () => turn(1),
    n: () => verdicts.note(false),
    N: () => verdicts.note(true),
    u: undo,
    m: enlarge,
    "?": showKeys,
  };
  return (event) => {
    const typing = ["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName);
    if (typing || event.altKey || event.ctrlKey || event.metaKey) return;
    const { key } = event;
    const isVerdict = /^[1-6]$/.test(key);
    if (!isVerdict && !Object.hasOwn(acts, key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat && (isVerdict || key === "u")) return;
    if (!isVerdict) acts[key]();
    else if (isOpen()) verdicts.press(key);
  };
}
