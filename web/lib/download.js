// Files that verbs answer with: JSON of a result, or pieces in base64 that belong together.
import { call } from "./session.js";

function save(name, parts, type) {
  const address = URL.createObjectURL(new Blob(parts, { type }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export const save_json = (name, value) => save(name, [`${JSON.stringify(value, null, 2)}\n`], "application/json");

const bytes_of = (base64) => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));

/** Brings the file `name` piece by piece: {file, offset, size, bytes, last}. */
export async function save_file(verb, name) {
  const parts = [];
  for (let offset = 0; ;) {
    const piece = await call(verb, { name, offset });
    const bytes = bytes_of(piece.bytes);
    parts.push(bytes);
    offset += bytes.length;
    if (piece.last || bytes.length === 0) return save(piece.file, parts, "application/octet-stream");
  }
}
