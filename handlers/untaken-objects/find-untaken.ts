import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from "@aws-sdk/client-s3";
import { decodeKey, isFolderMarker } from "../../runtime/aws/s3-record";

export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
}

/** Objects that no dataset takes. */
export interface Untaken {
  /** Number of them; so many at least where the look ended at `MOST_PAGES`. */
  readonly objects: number;
  readonly isAll: boolean;
  /** Number of them by the folder that holds them, the outermost that no dataset takes. */
  readonly folders: ReadonlyMap<string, number>;
  /** Keys of the first ones, one a folder. */
  readonly examples: readonly string[];
}

/** Pages of 1,000 objects: some 20 s, and 0.0005 USD. */
export const MOST_PAGES = 100;

/**
 * Finds the objects below `looked` that are below none of the prefixes `taken`. What is below one of these is not
 * listed, so that a look costs a request for each folder on the way to a dataset, and for each thousand of what is found.
 */
export async function findUntaken(
  bucket: Bucket,
  taken: readonly string[],
  looked: readonly string[],
): Promise<Untaken> {
  const isLeft = (folder: string) => !taken.some((each) => folder.startsWith(each));
  const folders = new Map<string, number>();
  const examples: string[] = [];
  const left = looked.filter(isLeft);
  let pages = 0;
  const count = (folder: string, keys: readonly string[]) => {
    const [first] = keys;
    if (first === undefined) return;
    if (!folders.has(folder)) examples.push(first);
    folders.set(folder, (folders.get(folder) ?? 0) + keys.length);
  };
  for (let prefix = left.shift(); prefix !== undefined; prefix = left.shift()) {
    const folder = prefix;
    const isOnTheWay = taken.some((each) => each.startsWith(folder));
    let next: string | undefined;
    do {
      if (pages++ === MOST_PAGES) return summary(folders, examples, false);
      const page = await list(bucket, prefix, isOnTheWay ? "/" : undefined, next);
      count(folder, page.keys);
      left.push(...page.folders.filter(isLeft));
      next = page.next;
    } while (next !== undefined);
  }
  return summary(folders, examples, true);
}

function summary(folders: ReadonlyMap<string, number>, examples: readonly string[], isAll: boolean): Untaken {
  const objects = [...folders.values()].reduce((sum, each) => sum + each, 0);
  return { objects, isAll, folders, examples };
}

interface Page {
  /** Keys of objects, without those that stand for folders. */
  readonly keys: readonly string[];
  readonly folders: readonly string[];
  readonly next: string | undefined;
}

async function list(
  { client, name }: Bucket,
  prefix: string,
  delimiter: string | undefined,
  from: string | undefined,
): Promise<Page> {
  const answer: ListObjectsV2CommandOutput = await client.send(
    new ListObjectsV2Command({
      Bucket: name,
      Prefix: prefix,
      // a key may hold characters that XML cannot
      EncodingType: "url",
      ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
      ...(from === undefined ? {} : { ContinuationToken: from }),
    }),
  );
  const decode = (key = "") => (answer.EncodingType === "url" ? decodeKey(key) : key);
  return {
    keys: (answer.Contents ?? []).map(({ Key }) => decode(Key)).filter((key) => !isFolderMarker(key)),
    folders: (answer.CommonPrefixes ?? []).map(({ Prefix }) => decode(Prefix)),
    next: answer.NextContinuationToken,
  };
}
