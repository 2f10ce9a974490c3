import { createHash } from "node:crypto";

const STEM_CHARACTERS = 80;
const DIGEST_DIGITS = 16;
const ENDINGS = [".csv.gz", ".csv.zst", ".csv"];

/** Name of every output of an upload, as `output_name` in glue/tributary/uploads/names.py makes it. */
export function outputName(key: string): string {
  let base = key.slice(key.lastIndexOf("/") + 1);
  for (const ending of ENDINGS) if (base.endsWith(ending)) base = base.slice(0, -ending.length);
  // by characters, as Python counts them, and not by units of UTF-16
  const characters = [...base].slice(0, STEM_CHARACTERS);
  const stem = characters
    .map((character) => (/^[A-Za-z0-9]$/.test(character) ? character : "-"))
    .join("")
    .replaceAll(/^-+|-+$/g, "");
  const digest = createHash("sha256").update(key).digest("hex").slice(0, DIGEST_DIGITS);
  return stem === "" ? digest : `${stem}-${digest}`;
}
