// What to send of a photograph. Pure functions: Node tests them.

/** The server drops a message of more than 10 MB without a word. */
export const CHUNK = 4 * 1024 * 1024;

/**
 * What to send of a picture of width x height pixels: null where the file goes as it is, or the
 * size to scale it to. No side gets smaller than one pixel.
 */
export function scaledSize(width, height, longSide) {
  const long = Math.max(width, height);
  if (!(long > longSide)) return null;
  const side = (length) => Math.max(1, Math.round((length * longSide) / long));
  return { width: side(width), height: side(height) };
}

/** [start, end) of each chunk of a file; an empty file still has one. */
export function chunks(size, chunk = CHUNK) {
  const ranges = [];
  for (let start = 0; start < size || start === 0; start += chunk) {
    ranges.push([start, Math.min(size, start + chunk)]);
  }
  return ranges;
}

/** "640 bytes", "84 kB", "12.3 MB" */
export function humanSize(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 999500) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What the browser did with a photograph, for its card. */
export function sizeNote(from, to, bytes) {
  if (from && to) {
    return `scaled from ${from.width}\u00a0×\u00a0${from.height} to ${to.width}\u00a0×\u00a0${to.height} in the browser`;
  }
  const size = humanSize(bytes).replace(" ", "\u00a0");
  return from ? `${from.width}\u00a0×\u00a0${from.height}, ${size}, unchanged` : size;
}

/** Why a file is not sent at all, or "". */
export function refusal(name, bytes, limit) {
  if (bytes === 0) return `${name} is empty: choose another file.`;
  if (bytes <= limit) return "";
  const mega = (n) => Math.round(n / 2 ** 20);
  return `${name} has ${mega(bytes)} MB; at most ${mega(limit)} MB are taken: save it smaller.`;
}

/** A pasted picture has no name of its own worth showing. */
export function fileName(file, pasted, now = new Date()) {
  if (!pasted || (file.name && !/^image\.\w+$/.test(file.name))) return file.name || "photograph";
  const two = (n) => String(n).padStart(2, "0");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(".");
  return `pasted ${time}.${(file.type || "image/png").split("/")[1].replace("jpeg", "jpg")}`;
}
