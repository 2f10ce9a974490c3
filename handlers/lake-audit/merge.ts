import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { AUDIT_FILES, AUDIT_INCOMING, AUDIT_REJECTED } from "../../runtime/audit";
import { inParallel } from "../../runtime/in-parallel";
import { deleteObjects, type Lake, listKeys, readObject, replaceObject } from "./objects";

/** Objects with rows of one pipeline and hour. */
export interface IncomingHour {
  /** `<pipeline>/<yyyy-mm-ddThh>`. */
  readonly name: string;
  readonly keys: readonly string[];
}

export interface Merged {
  /** Rows that came, and rows that the hour has now. */
  readonly added: number;
  readonly rows: number;
  readonly objects: number;
}

const HOUR = /^([^/]+)\/(\d{4}-\d{2}-\d{2})T(\d{2})$/;
const MOST_PAGES = 20;
const READS_AT_ONCE = 20;
const LINE_FEED = 0x0a;
/** Place of the id in a line, which begins with it: `tributary.objects.audit` writes it so. */
const ID_BEGIN = '{"id":"'.length;
const ID_END = ID_BEGIN + 32;

/** Lists what jobs wrote, by hour, the oldest first; up to 20,000 objects. */
export async function incomingHours(lake: Lake): Promise<IncomingHour[]> {
  const hours = new Map<string, string[]>();
  for (const key of await listKeys(lake, AUDIT_INCOMING, MOST_PAGES)) {
    const [writer = "", hour] = key.slice(AUDIT_INCOMING.length, key.lastIndexOf("/")).split("/");
    const name = `${writer === AUDIT_REJECTED ? "manifests" : writer}/${hour}`;
    hours.set(name, [...(hours.get(name) ?? []), key]);
  }
  const time = (name: string) => name.slice(name.indexOf("/") + 1);
  return [...hours]
    .map(([name, keys]) => ({ name, keys }))
    .sort((one, other) => time(one.name).localeCompare(time(other.name)));
}

/**
 * Adds rows to the object of their hour by one PUT, each id once, and deletes what they came in. Killed between the
 * two, the next round finds the rows there, and deletes alone: the table shows each row once, and at no time a part of
 * a commit.
 *
 * @throws S3ServiceException where another merged the hour at the same time
 */
export async function mergeHour(lake: Lake, { name, keys }: IncomingHour): Promise<Merged> {
  const target = objectOf(name);
  const existing = await readObject(lake, target);
  const lines = existing ? linesOf(await promisify(gunzip)(existing.content)) : [];
  const known = new Set(lines.map(idOf));
  const before = lines.length;
  for (const content of await readAll(lake, keys)) {
    for (const line of linesOf(content)) {
      const id = idOf(line);
      if (known.has(id)) continue;
      known.add(id);
      lines.push(line);
    }
  }
  const added = lines.length - before;
  if (added > 0) await replaceObject(lake, target, await promisify(gzip)(Buffer.concat(lines)), existing);
  await deleteObjects(lake, keys);
  return { added, rows: lines.length, objects: keys.length };
}

function objectOf(name: string): string {
  const [, pipeline, day, hour] = HOUR.exec(name) ?? [];
  if (day === undefined) throw new Error(`${AUDIT_INCOMING}${name} is no hour of a pipeline`);
  return `${AUDIT_FILES}pipeline=${pipeline}/day=${day}/${hour}.ndjson.gz`;
}

async function readAll(lake: Lake, keys: readonly string[]): Promise<Buffer[]> {
  const found = new Map<string, Buffer>();
  const [error] = await inParallel(keys, READS_AT_ONCE, async (key) => {
    const read = await readObject(lake, key);
    if (read) found.set(key, read.content);
  });
  if (error) throw error;
  // in the order of the keys: the same rows give the same bytes
  return keys.flatMap((key) => found.get(key) ?? []);
}

/** Lines with their ends, as parts of the content. */
function linesOf(content: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let begin = 0; begin < content.length; ) {
    const end = content.indexOf(LINE_FEED, begin) + 1 || content.length;
    lines.push(content.subarray(begin, end));
    begin = end;
  }
  return lines;
}

const idOf = (line: Buffer) => line.toString("latin1", ID_BEGIN, ID_END);
