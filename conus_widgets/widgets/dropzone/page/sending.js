// From a file to messages.

import {
  chunks,
  fileName,
  HEAD,
  readsAlike,
  refusal,
  scaledSize,
  sizeNote,
  TAIL,
} from "./sizes.js";

const THUMBNAIL = 256;

function draw(bitmap, { width, height }) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  context.fillStyle = "black"; // transparency is laid over black, as in Python
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas;
}

const toBlob = (canvas, quality) =>
  new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));

/**
 * The upright picture, or null if this browser cannot read it as Python does: then the file goes as
 * it is, and its thumbnail comes from there.
 */
async function decode(file) {
  const bytes = async (start, end) => new Uint8Array(await file.slice(start, end).arrayBuffer());
  const tail = await bytes(Math.max(0, file.size - TAIL), file.size);
  if (!readsAlike(await bytes(0, HEAD), tail, file.size)) return null;
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null;
  }
}

/** Prepares a file: what to send of it, in words too, and a thumbnail as a blob (or null). */
async function prepare(file, { original, longSide, limit }) {
  const bitmap = await decode(file);
  try {
    const from = bitmap && { width: bitmap.width, height: bitmap.height };
    const small = from && (scaledSize(from.width, from.height, THUMBNAIL) ?? from);
    const thumbnail = bitmap && (await toBlob(draw(bitmap, small), 0.85));
    const to = bitmap && !original ? scaledSize(from.width, from.height, longSide) : null;
    const blob = to ? await toBlob(draw(bitmap, to), 0.95) : file;
    if (!blob) throw new Error(`${file.name} is too large for this browser: save it smaller.`);
    const problem = refusal(file.name, blob.size, limit);
    if (problem) throw new Error(problem);
    return { blob, note: sizeNote(from, to, blob.size), thumbnail };
  } finally {
    bitmap?.close();
  }
}

/** What a widget wants done to files before they are sent: traits of `Receiving`. */
export const settingsOf = (model) => ({
  original: model.get("original"),
  longSide: model.get("long_side"),
  limit: model.get("limit"),
});

/** Sends one prepared file; each chunk waits for the receipt of the one before. */
async function sendFile(line, kind, { name, upload, blob, note }) {
  const ranges = chunks(blob.size);
  for (const [index, [start, end]] of ranges.entries()) {
    const bytes = await blob.slice(start, end).arrayBuffer();
    const content = {
      kind,
      upload,
      name,
      note,
      index,
      count: ranges.length,
      size: blob.size,
    };
    await line.send(content, [bytes]);
  }
}

/**
 * Sends files one after another, to the intake of that `kind`. `show` is told of each: {upload, name, state, note, thumbnail,
 * error}, the state being "preparing", "sending", "sent" or "failed".
 */
export async function sendFiles(
  line,
  files,
  { pasted, settings, show, stopped = () => false, kind = "file" },
) {
  const entries = [...files].map((file) => ({
    file,
    name: fileName(file, pasted),
    upload: `${line.name}-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`,
  }));
  for (const { name, upload } of entries) show({ name, upload, state: "preparing" });
  for (const { file, name, upload } of entries) {
    try {
      if (stopped()) throw new Error(`${name} was not sent: stopped.`);
      const prepared = await prepare(file, await settings());
      const { note, thumbnail } = prepared;
      show({ name, upload, note, thumbnail, state: "sending" });
      await sendFile(line, kind, { name, upload, ...prepared });
      show({ name, upload, state: "sent" });
    } catch (error) {
      show({ name, upload, state: "failed", error: error.message });
      if (line.gone()) return;
    }
  }
}
