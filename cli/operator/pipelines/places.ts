import { type BucketName, bucketName } from "../../../environments/schema";
import type { Operator } from "../command/operator";
import { headObject } from "../manifests/objects";

/** Object with the bytes of a version, or with what became of it. */
export interface Place {
  readonly what: "raw bucket" | "archive" | "copy in quarantine";
  /** `s3://…` */
  readonly address: string;
  /** Version id in the raw bucket, where that alone tells it. */
  readonly version?: string;
}

/** Place that may be; `marker` is an object beside it that is looked for instead. */
export interface Possible {
  readonly what: Place["what"];
  readonly bucket: BucketName;
  readonly key: string;
  readonly version?: string;
  readonly marker?: string;
}

/** Folder of a file that was quarantined whole: its reason is there, whether its copy is or not. */
export function copyIn(folder: string): Possible {
  return { what: "copy in quarantine", bucket: "quarantine", key: folder, marker: `${folder}reason.json` };
}

/** Those places that are there; all are asked for at once. */
export async function existing(operator: Operator, possible: readonly Possible[]): Promise<Place[]> {
  const { environment } = operator;
  const found = await Promise.all(
    possible.map(async ({ what, bucket, key, version, marker = key }): Promise<Place[]> => {
      const name = bucketName(environment, bucket);
      if ((await headObject(operator, name, marker, version)) === undefined) return [];
      return [{ what, address: `s3://${name}/${key}`, ...(version && { version }) }];
    }),
  );
  return found.flat();
}

/** The same for a reader. */
export function placeEntries(places: readonly Place[]): (readonly [string, string])[] {
  return places.map(({ what, address, version }) => [
    what,
    version === undefined ? address : `${address}, version ${version}`,
  ]);
}
