import type { Pipeline } from "../../../environments/schema";
import { bytes } from "../command/tables";
import type { ObjectHead } from "../manifests/objects";
import type { Meant } from "./meant";

/** What `describe` tells of a file whatever its pipeline. */
export interface DescribedHead {
  readonly pipeline: Pipeline;
  /** Absent where no declared dataset takes the key. */
  readonly dataset?: string;
  readonly key: string;
  /** Line of the row by which it was found. */
  readonly line?: number;
  /** Newest version in the raw bucket; absent: it is not there any more. */
  readonly object?: Omit<ObjectHead, "metadata">;
}

export function headOf(
  pipeline: Pipeline,
  { key, dataset, line }: Meant,
  object: ObjectHead | undefined,
): DescribedHead {
  return {
    pipeline,
    ...(dataset && { dataset: dataset.name }),
    key,
    ...(line && { line }),
    ...(object && { object: { version: object.version, size: object.size, modifiedAt: object.modifiedAt } }),
  };
}

/** The same for a reader; `gone` says why it may not be in the raw bucket. */
export function headEntries(
  { pipeline, dataset, key, line, object }: DescribedHead,
  gone: string,
): (readonly [string, string | number | undefined])[] {
  return [
    ["file", key],
    ...(line ? [["line", line] as const] : []),
    ["pipeline", pipeline],
    ["dataset", dataset],
    [
      "in the raw bucket",
      object ? `version ${object.version}, ${bytes(object.size)}, ${object.modifiedAt}` : gone,
    ],
  ];
}
