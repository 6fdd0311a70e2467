// The files of a folder that somebody chose: boxes for them, and what is left out. Pure: Node tests it.

import { counted, isolated } from "../../live/page/words.js";

const ENDINGS = /\.(jpe?g|jpe|jfif|png|webp|tiff?|gif|bmp|hei[cf]|avif)$/i;
const LITTER = /^(\.|thumbs\.db$|desktop\.ini$)/i; // of file managers
const NAMED = 3; // files in one sentence

/**
 * Returns { boxes, loose, others, folder }: a Map from names of classes to their photographs, names of
 * photographs that lie in no class's folder, of files that are no photographs, and of the folder.
 * As in Python, hidden files and those of no kind directly in the folder are passed over: tables lie there.
 */
export function sortFiles(files) {
  const sorted = { boxes: new Map(), loose: [], others: [], folder: "" };
  for (const file of files) {
    const parts = file.webkitRelativePath.split("/"); // "my-shells/tulip/1.jpg"
    const [name, label] = [parts.at(-1), parts.length > 2 ? parts.at(-2) : ""];
    sorted.folder = parts[0];
    if (parts.slice(1).some((part) => LITTER.test(part))) continue;
    const isPhotograph = file.type.startsWith("image/") || ENDINGS.test(name);
    if (isPhotograph && label) {
      if (!sorted.boxes.has(label)) sorted.boxes.set(label, []);
      sorted.boxes.get(label).push(file);
    } else if (isPhotograph) sorted.loose.push(name);
    else if (label) sorted.others.push(name);
  }
  return sorted;
}

function some(names) {
  const first = names.slice(0, NAMED).map(isolated).join(", ");
  const more = names.length - NAMED;
  return more > 0 ? `${first} and ${more.toLocaleString("en")} more` : first;
}

/** What was left out of a chosen folder: sentences, with the way out. */
export function leftOut({ loose, others, folder }) {
  const said = [];
  const alone = loose.length === 1;
  if (loose.length)
    said.push(
      `${counted(loose.length)} ${alone ? "lies" : "lie"} directly in \u2018${isolated(folder)}\u2019, in no folder of a class, and ${alone ? "is" : "are"} left out (${some(loose)}): drop ${alone ? "it into the box of its class" : "them into the boxes of their classes"}.`,
    );
  const single = others.length === 1;
  if (others.length)
    said.push(
      `${others.length.toLocaleString("en")} ${single ? "file is" : "files are"} left out (${some(others)}), since ${single ? "its name is not that of a photograph" : "their names are not those of photographs"}: save photographs of other kinds as JPEG or PNG.`,
    );
  return said;
}
