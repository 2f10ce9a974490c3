import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { RAW_JSON_PREFIX } from "../../environments/schema";

/** Small files as many senders leave them: those of the past, and those of a week that has just begun. */
export interface GeneratedRawJson {
  /** Paths below the folder; they are keys. */
  readonly historical: readonly string[];
  readonly weekly: readonly string[];
  readonly bytes: number;
}

const HISTORICAL_FILES = 1500;
const WEEKLY_FILES = 300;
const FIRST_SECOND = Date.UTC(2026, 1, 16) / 1000;
/** Events lie on three days. */
const SECONDS = 3 * 86_400;
const MODES = ["train", "Train", "validation", "TEST "];

/** Writes the same files every time: documents, lines and arrays, some of them cut off, and a broken gzip file. */
export function generateRawJson(folder: string): GeneratedRawJson {
  let bytes = 0;
  const write = (file: string, content: Buffer) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
    bytes += content.length;
    return file;
  };
  const writeAll = (place: string, count: number, first: number) =>
    Array.from({ length: count }, (_, index) => {
      const number = String(first + index).padStart(6, "0");
      return write(`${RAW_JSON_PREFIX}${place}/sender-${number}.json`, Buffer.from(contentOf(first + index)));
    });
  const historical = writeAll("all_historical_files", HISTORICAL_FILES, 0);
  const broken = gzipSync(contentOf(0)).subarray(0, -12);
  historical.push(write(`${RAW_JSON_PREFIX}all_historical_files/sender-broken.json.gz`, broken));
  return { historical, weekly: writeAll("2026/week08", WEEKLY_FILES, HISTORICAL_FILES), bytes };
}

function contentOf(number: number): string {
  if (number % 10 === 3) return `[\n${[0, 1, 2].map((part) => eventOf(number, part)).join(",\n")}\n]\n`;
  if (number % 7 === 3) return [0, 1, 2, 3].map((part) => `${eventOf(number, part)}\n`).join("");
  const text = eventOf(number, 0);
  return number % 50 === 17 ? text.slice(0, -20) : text;
}

function eventOf(number: number, part: number): string {
  const seconds = FIRST_SECOND + ((number * 7919 + part * 104_729) % SECONDS);
  const items = Array.from({ length: (number + part) % 4 }, (_, item) => ({
    sku: `article-${(number * 31 + item) % 500}`,
    quantity: 1 + ((number + item) % 5),
    price: `${(number % 90) + 1}.${String((number * 17) % 100).padStart(2, "0")}`,
  }));
  return JSON.stringify({
    id: `generated-${number}-${part}`,
    event_timestamp: timeOf(seconds, number),
    MODE: MODES[(number + part) % MODES.length],
    metadata: { app_version: `4.${number % 12}.0`, user_agent: "warehouse/4 (Linux)" },
    payload: { transaction_id: `t-${number}-${part}`, items },
    ...(number % 25 === 0 ? { region: "eu-central-1" } : {}),
  });
}

/** Formats a time as senders do: seconds, milliseconds, or a text with an offset. */
function timeOf(seconds: number, number: number): number | string {
  if (number % 3 === 0) return seconds;
  if (number % 3 === 1) return seconds * 1000 + (number % 1000);
  return `${new Date((seconds + 3600) * 1000).toISOString().slice(0, 19)}+01:00`;
}
