// The size at which a photograph is sent. Pure functions: Node tests them.

/** The server drops a message of more than 10 MB without a word. */
export const CHUNK = 4 * 1024 * 1024;

/**
 * What to send of a picture of width x height pixels: null if the file goes as it is, or the
 * size to scale it to. No side gets smaller than one pixel.
 */
export function scaledSize(width, height, longSide) {
  const long = Math.max(width, height);
  if (!(long > longSide)) return null;
  const side = (length) => Math.max(1, Math.round((length * longSide) / long));
  return { width: side(width), height: side(height) };
}

/** How much of a file's start `readsAlike` looks at, and of its end. */
export const HEAD = 256 * 1024;
export const TAIL = 12;

/**
 * Whether a browser reads a file as Python does, so that it may scale it down. It does not if it
 * ignores how a WebP is to be turned, keeps 8 of 16 bits, or stretches a PNG by its gamma; and it
 * refuses a file without its last bytes. Such files, and all other formats, go as they are.
 * `head` and `tail` are the file's first `HEAD` and last `TAIL` bytes.
 */
export function readsAlike(head, tail, size) {
  const starts = (text, at = 0) => [...text].every((c, i) => head[at + i] === c.charCodeAt(0));
  const ends = (...bytes) =>
    bytes.every((byte, i) => tail[tail.length - bytes.length + i] === byte);
  if (head[0] === 0xff && head[1] === 0xd8) return ends(0xff, 0xd9) && isPlainJpeg(head);
  if (starts("\x89PNG"))
    return ends(0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82) && isPlainPng(head);
  if (starts("RIFF") && starts("WEBP", 8)) {
    const length = head[4] + head[5] * 2 ** 8 + head[6] * 2 ** 16 + head[7] * 2 ** 24;
    const turned = starts("VP8X", 12) && (head[20] & 8) !== 0; // it has EXIF, which may say so
    return !turned && length + 8 <= size;
  }
  return (starts("GIF8") && ends(0x3b)) || starts("BM");
}

/** 8 bits, grey or colours: not the inks of a printer. */
function isPlainJpeg(head) {
  for (let at = 2; at + 9 < head.length && head[at] === 0xff;) {
    const marker = head[at + 1];
    if (marker === 0xff) {
      at += 1; // padding
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return head[at + 4] === 8 && [1, 3].includes(head[at + 9]);
    at += 2 + head[at + 2] * 256 + head[at + 3];
  }
  return false;
}

/** Up to 8 bits, upright, without a gamma or light of its own. */
function isPlainPng(head) {
  const before = new Set();
  for (let at = 8; at + 8 <= head.length;) {
    const length =
      head[at] * 2 ** 24 + head[at + 1] * 2 ** 16 + head[at + 2] * 2 ** 8 + head[at + 3];
    const kind = String.fromCharCode(...head.slice(at + 4, at + 8));
    if (kind === "IHDR" && head[at + 16] > 8) return false;
    if (kind === "IDAT") {
      const managed = before.has("sRGB") || before.has("iCCP") || !before.has("gAMA");
      return managed && !before.has("eXIf") && !before.has("cICP");
    }
    before.add(kind);
    at += 12 + length;
  }
  return false;
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
  const amount = (n, round) =>
    n < 2 ** 20 ? `${n} bytes` : `${round((10 * n) / 2 ** 20) / 10} MB`;
  return `${name} has ${amount(bytes, Math.ceil)}; at most ${amount(limit, Math.floor)} are taken: save it smaller.`;
}

/** A pasted picture has no name of its own worth showing. */
export function fileName(file, pasted, now = new Date()) {
  if (!pasted || (file.name && !/^image\.\w+$/.test(file.name))) return file.name || "photograph";
  const two = (n) => String(n).padStart(2, "0");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(".");
  return `pasted ${time}.${(file.type || "image/png").split("/")[1].replace("jpeg", "jpg")}`;
}
