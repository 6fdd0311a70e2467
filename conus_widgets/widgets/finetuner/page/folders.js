// The files of a folder that somebody chose: boxes for them, and what is left out. Pure: Node tests it.

import { counted, isolated } from "../../live/page/words.js";
import { isPhotograph } from "./kinds.js";

const LITTER = /^(\.|thumbs\.db$|desktop\.ini$)/i; // of file managers
const NAMED = 3; // files in one sentence

/** Files in Python's order: by name, folder by folder. */
function inOrder(one, other) {
  const [first, second] = [one, other].map((file) => file.webkitRelativePath.split("/"));
  const at = first.findIndex((part, place) => part !== second[place]);
  if (at < 0) return 0;
  return first[at] < second[at] ? -1 : 1;
}

/**
 * Resolves to { boxes, loose, others, empty, folder }: a Map from names of classes to their photographs;
 * of photographs that lie in no class's folder, of files that are no photographs, and of empty ones,
 * where they lie; and the name of the folder.
 *
 * The rule is that of Python's `read_folder`, and one list of cases tests both: a folder directly in
 * the chosen one is a class, with all that lies in it, however deep (why: docs/finetuning.md). Hidden files, and those of no kind
 * directly in the folder, are passed over: tables lie there.
 */
export async function sortFiles(files) {
  const sorted = { boxes: new Map(), loose: [], others: [], empty: [], folder: "" };
  for (const file of [...files].toSorted(inOrder)) {
    const [folder, ...parts] = file.webkitRelativePath.split("/"); // "my-shells/tulip/day 1/1.jpg"
    sorted.folder = folder;
    if (parts.some((part) => LITTER.test(part))) continue;
    const [place, label] = [parts.join("/"), parts.length > 1 ? parts[0] : ""];
    const photograph = await isPhotograph(file, parts.at(-1));
    if (photograph && !label) sorted.loose.push(place);
    else if (label && file.size === 0) sorted.empty.push(place);
    else if (photograph) {
      if (!sorted.boxes.has(label)) sorted.boxes.set(label, []);
      sorted.boxes.get(label).push(file);
    } else if (label) sorted.others.push(place);
  }
  return sorted;
}

function some(names) {
  const first = names.slice(0, NAMED).map(isolated).join(", ");
  const more = names.length - NAMED;
  return more > 0 ? `${first} and ${more.toLocaleString("en")} more` : first;
}

/** What was left out of a chosen folder: sentences, with the way out. */
export function leftOut({ boxes, loose, others, empty, folder }) {
  const said = [];
  if (!boxes.size)
    said.push(
      `\u2018${isolated(folder)}\u2019 holds no folder with photographs: put those of each class into a folder of its own, and choose the folder that holds these.`,
    );
  const inner = [...boxes.values()].flat().map((one) => one.webkitRelativePath.split("/"));
  if (boxes.size && inner.every((parts) => parts.length > 3))
    said.push(
      `All photographs lie in folders inside those of the classes, as in \u2018${isolated(inner[0][1])}/${isolated(inner[0][2])}\u2019, and the outer folder counts: if the inner ones are your classes, choose \u2018${isolated(inner[0][1])}\u2019 itself.`,
    );
  const alone = loose.length === 1;
  if (loose.length)
    said.push(
      `${counted(loose.length)} ${alone ? "lies" : "lie"} directly in \u2018${isolated(folder)}\u2019, in no folder of a class, and ${alone ? "is" : "are"} left out (${some(loose)}): drop ${alone ? "it into the box of its class" : "them into the boxes of their classes"}.`,
    );
  const files = (list) =>
    `${list.length.toLocaleString("en")} ${list.length === 1 ? "file is" : "files are"} left out (${some(list)}), since`;
  if (others.length)
    said.push(
      `${files(others)} ${others.length === 1 ? "it is no photograph" : "they are no photographs"} that can be read: save photographs of other kinds as JPEG or PNG.`,
    );
  if (empty.length)
    said.push(
      `${files(empty)} ${empty.length === 1 ? "it is" : "they are"} empty (0 bytes): copy or download ${empty.length === 1 ? "it" : "them"} again.`,
    );
  return said;
}
