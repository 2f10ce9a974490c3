import type { Receipt } from "../../../runtime/manifests/manifests";
import type { TrackedFile } from "../../../runtime/manifests/tracking";
import type { DescribedHead } from "../pipelines/described-head";
import type { DeadLetters } from "../pipelines/letters";
import type { Place } from "../pipelines/places";
import type { Quarantine } from "./outputs";

/** Output of `describe --json`. */
export interface DescribedFile extends DescribedHead {
  /** Versions in the tracking table, the newest first. */
  readonly versions: readonly DescribedVersion[];
}

export interface DescribedVersion extends TrackedFile {
  readonly manifest?: DescribedManifest;
  readonly deadLetters?: DeadLetters;
  readonly quarantine?: Quarantine;
  readonly places: readonly Place[];
}

export interface DescribedManifest {
  readonly key: string;
  /** `missing`: claimed and not written; `fenced`: closed without files; `without`: it lists only others. */
  readonly state: "lists the file" | "missing" | "fenced" | "without the file";
  readonly files: number;
  readonly parquet?: {
    readonly key: string;
    readonly size: number;
    readonly generation: number;
    readonly writtenAt: string;
  };
  /** Receipt without its lists, which are of all files. */
  readonly receipt?: Omit<Receipt, "columns" | "quarantined" | "gone" | "latency_seconds"> & {
    readonly columns: number;
  };
}
