import { outputName } from "../../../runtime/uploads/output-name";

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
