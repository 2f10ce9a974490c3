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
  /** Newest version in the raw bucket; absent: it is not there any more. */
  readonly object?: Omit<ObjectHead, "metadata">;
}

export function headOf(
  pipeline: Pipeline,
  { key, dataset }: Meant,
  object: ObjectHead | undefined,
): DescribedHead {
  return {
    pipeline,
    ...(dataset && { dataset: dataset.name }),
    key,
    ...(object && { object: { version: object.version, size: object.size, modifiedAt: object.modifiedAt } }),
  };
}

/** The same for a reader; `gone` says why it may not be in the raw bucket. */
export function headEntries(
  { pipeline, dataset, key, object }: DescribedHead,
  gone: string,
): (readonly [string, string | undefined])[] {
  return [
    ["file", key],
    ["pipeline", pipeline],
    ["dataset", dataset],
    [
      "in the raw bucket",
      object ? `version ${object.version}, ${bytes(object.size)}, ${object.modifiedAt}` : gone,
    ],
  ];
}
