// Files between the kernel and the browser's disk, in parts.

const PART = 4 * 1024 * 1024; // the server drops a message of more than 10 MB without a word

/** Has the browser save a file. */
export function saveFile(name, parts, type = "application/octet-stream") {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Collects the parts of files; `take` returns the name when one is whole. */
export function makeReceiver(save = saveFile) {
  const open = new Map();
  return {
    take({ name, index, count }, bytes) {
      if (index === 0) open.set(name, []);
      const parts = open.get(name);
      if (!parts) return "";
      parts.push(bytes);
      if (parts.length < count) return "";
      open.delete(name);
      save(name, parts);
      return name;
    },
  };
}

/** Sends a file; each part waits for the receipt of the one before. */
export async function sendParts(line, file) {
  const count = Math.max(1, Math.ceil(file.size / PART));
  for (let index = 0; index < count; index++) {
    const bytes = await file.slice(index * PART, (index + 1) * PART).arrayBuffer();
    await line.send({ kind: "upload", name: file.name, index, count }, [bytes]);
  }
}
