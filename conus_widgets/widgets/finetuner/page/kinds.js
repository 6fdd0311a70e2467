// Which files are photographs: by their names, or else by their first bytes. As in Python, which a test holds it to.

const ENDINGS = /[^/]\.(jpe?g|jpe|jfif|png|webp|tiff?|gif|bmp|hei[cf]|avif)$/i;

/** How much of a file's start is looked at. */
export const START = 64;

const STARTS = [
  "\xff\xd8\xff",
  "\x89PNG\r\n\x1a\n",
  "GIF87a",
  "GIF89a",
  "II*\0",
  "MM\0*",
  "II+\0",
  "MM\0+",
  "BM",
];
// What ISO 14496-12 files say in their first box; "mif1" alone does not say how it is coded.
const READ = new Set("heic heix heim heis hevc hevx hevm hevs avif avis".split(" "));
const OTHERS = new Set(["crx ", "j2ki", "jpeg", "avci", "vvic"]);

function brandsOf(text) {
  const length = [0, 1, 2, 3].reduce((sum, at) => sum * 256 + text.charCodeAt(at), 0);
  const brands = [text.slice(8, 12)];
  for (let at = 16; at + 3 < Math.min(length, text.length); at += 4)
    brands.push(text.slice(at, at + 4));
  return brands;
}

/** Whether a file that begins with these bytes is a photograph. */
export function beginsLikePhotograph(head) {
  const text = String.fromCharCode(...head);
  if (text.startsWith("ftyp", 4)) {
    const brands = brandsOf(text);
    const known = brands.find((brand) => READ.has(brand) || OTHERS.has(brand));
    return known ? READ.has(known) : brands.find((brand) => /^m[is]f1$/.test(brand)) === "mif1";
  }
  if (text.startsWith("RIFF")) return text.startsWith("WEBP", 8);
  if (text.startsWith("II*\0") && text.startsWith("CR", 8)) return false; // a camera's raw file
  return STARTS.some((start) => text.startsWith(start));
}

/** Whether a file is a photograph; only one whose name does not say so is looked into. */
export async function isPhotograph(file, name) {
  if (ENDINGS.test(name)) return true;
  try {
    return beginsLikePhotograph(new Uint8Array(await file.slice(0, START).arrayBuffer()));
  } catch {
    return false; // it may not be read
  }
}
