import { createHash } from "node:crypto";
import { baseName } from "../../../runtime/manifests/datasets";

const STEM_LENGTH = 80;
const DIGEST_LENGTH = 16;

/** Keys in the quarantine bucket of a version of an upload, as the job names them (glue/tributary/uploads/names.py). */
export interface UploadQuarantineKeys {
  readonly deadLetters: string;
  /** Folder of the copy of a file that was quarantined whole, and of its reason; with its slash. */
  readonly wholeFile: string;
}

/** Keys of a version; `dataset` is absent where no dataset takes the key. */
export function uploadQuarantineKeys(
  dataset: string | undefined,
  key: string,
  version: string,
): UploadQuarantineKeys {
  const folder = `${dataset ?? "unknown"}/${outputName(key)}`;
  return {
    deadLetters: `dead-letters/${folder}/${version}.ndjson`,
    wholeFile: `files/${folder}/${version}/`,
  };
}

function outputName(key: string): string {
  const base = ["\\.csv\\.gz$", "\\.csv\\.zst$", "\\.csv$"].reduce(
    (name, ending) => name.replace(new RegExp(ending), ""),
    baseName(key),
  );
  const stem = Array.from(base, (character) => (/[A-Za-z0-9]/.test(character) ? character : "-"))
    .slice(0, STEM_LENGTH)
    .join("")
    .replaceAll(/^-+|-+$/g, "");
  const digest = createHash("sha256").update(key, "utf8").digest("hex").slice(0, DIGEST_LENGTH);
  return stem === "" ? digest : `${stem}-${digest}`;
}
