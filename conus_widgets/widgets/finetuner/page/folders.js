// The class of a file in a folder that somebody chose. Pure: Node tests it.

const ENDINGS = /\.(jpe?g|png|webp|tiff?|gif|bmp|hei[cf]|avif)$/i;

/**
 * The name of the folder that a photograph lies in, "" for what is no photograph or lies in no folder
 * of the chosen one. `path` begins with the chosen folder, as "my-shells/tulip/1.jpg".
 */
export function className(path, type = "") {
  const parts = path.split("/");
  const file = parts.at(-1);
  if (parts.length < 3 || file.startsWith(".")) return "";
  return type.startsWith("image/") || ENDINGS.test(file) ? parts.at(-2) : "";
}
