import { bucketName } from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import { NothingMatched, UsageError } from "../command/errors";
import type { Operator } from "../command/operator";
import { listObjects, openText } from "../manifests/objects";
import { datasetOfKey, type Meant } from "./meant";
import { type Named, namedBy, sourceIn, type Teller } from "./named";

/** What an operator named: a file that may have one of these keys, a manifest or a batch. */
export type Found = Exclude<Named, Teller>;

/** Range of an object of dead letters, which may be long: the names of its first one's file are within. */
const LETTERS = "dead-letters/";
const FIRST_LETTER = "bytes=0-16383";

/**
 * Finds what an operator named. An output, a copy in quarantine or dead letters of one file are looked at for its name:
 * one listing and one object at most.
 *
 * @throws CommandError for an object that is no file's
 * @throws NothingMatched where the object is not there that would tell of which file it is
 */
export async function find(operator: Operator, text: string): Promise<Found> {
  const named = namedBy(operator.environment, text);
  return named.is === "teller" ? { is: "file", candidates: [await toldBy(operator, named, text)] } : named;
}

/**
 * The same for a command that takes files alone.
 *
 * @throws UsageError for a manifest or a batch
 */
export async function findFile(operator: Operator, text: string): Promise<readonly Meant[]> {
  const found = await find(operator, text);
  if (found.is === "file") return found.candidates;
  throw new UsageError(expectedAt("FILE", `a file, and not a ${found.is} (describe lists its files)`, text));
}

async function toldBy(operator: Operator, { bucket, key }: Teller, text: string): Promise<Meant> {
  const name = bucketName(operator.environment, bucket);
  const object = key.endsWith("/") ? await firstBelow(operator, name, key) : key;
  const head = object && (await headOf(operator, name, object));
  const source = head ? sourceIn(recordIn(head)) : undefined;
  if (source === undefined) {
    throw new NothingMatched(`nothing at s3://${name}/${key} tells of which file ${text} is`);
  }
  const dataset = datasetOfKey(source.key);
  // what lies in a folder of its own is of any version
  const { version, ...file } = source;
  return { ...file, ...(version && !key.endsWith("/") && { version }), ...(dataset && { dataset }) };
}

async function firstBelow(operator: Operator, bucket: string, folder: string): Promise<string | undefined> {
  for await (const { key } of listObjects(operator, bucket, folder)) return key;
  return undefined;
}

async function headOf(operator: Operator, bucket: string, key: string): Promise<string | undefined> {
  const stream = await openText(operator, bucket, key, key.startsWith(LETTERS) ? FIRST_LETTER : undefined);
  if (stream === undefined) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** The record of a small object, or the names of the first of many dead letters, which stand before its line. */
function recordIn(head: string): Record<string, unknown> {
  const end = head.startsWith('{"source":') ? head.indexOf(',"line":') : -1;
  try {
    return JSON.parse(end < 0 ? head : `${head.slice(0, end)}}`);
  } catch {
    return {};
  }
}
