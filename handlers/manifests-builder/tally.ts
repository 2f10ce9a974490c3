import { type EmbeddedMetrics, emitMetrics } from "../../runtime/aws/embedded-metrics";
import { log } from "../../runtime/log";

const COUNTED = [
  "FilesClaimed",
  "FilesQuarantined",
  "FilesSuperseded",
  "FilesUnchanged",
  "FilesKnown",
  "ClaimsTakenOver",
  "ManifestsWritten",
  "MessagesFailed",
] as const;

type Counted = (typeof COUNTED)[number];

/** Counts of an invocation's files by outcome. `FilesKnown`: announced again after they were done. */
export class Tally {
  readonly #counts: Record<Counted, number>;
  #bytes = 0;

  constructor() {
    this.#counts = Object.fromEntries(COUNTED.map((name) => [name, 0])) as Record<Counted, number>;
  }

  count(name: Counted, number = 1): void {
    this.#counts[name] += number;
  }

  /** Counts a manifest that was written, with the size of its files. */
  written(bytes: number): void {
    this.count("ManifestsWritten");
    this.#bytes += bytes;
  }

  /** Writes the metrics and a log line with the same figures. */
  emit(metrics: EmbeddedMetrics, messages: number): void {
    log("info", "built manifests", { messages, ...this.#counts, bytes: this.#bytes });
    emitMetrics(metrics, [
      ...COUNTED.map((name) => ({ name, value: this.#counts[name], unit: "Count" as const })),
      { name: "BytesClaimed", value: this.#bytes, unit: "Bytes" },
    ]);
  }
}
