import type { Message } from "../../runtime/aws/queue-messages";
import { parseEvent, readCreatedObject, recordsOf, timeOf } from "../../runtime/aws/s3-record";
import { canHold, type LedgerFile } from "../../runtime/ledger/register-files";
import { type WantedKeys, wantedBy } from "../../runtime/ledger/wanted";
import { log } from "../../runtime/log";

/** Files that one message announces. */
export interface Inputs {
  readonly messageId: string;
  readonly files: readonly LedgerFile[];
  /** Records that cause no work. */
  readonly ignored: number;
  /** Records whose key the ledger cannot hold. */
  readonly refused: number;
  /**
   * Reason to return the message: a record of it cannot be read. The files of the others count none the less.
   */
  readonly error?: Error;
}

/** Parses the records of a message, each independently of the others. */
export function readInputs(wanted: WantedKeys, { messageId, body }: Message): Inputs {
  const files: LedgerFile[] = [];
  let ignored = 0;
  let refused = 0;
  let error: Error | undefined;
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (thrown) {
      error ??= thrown as Error;
    }
  };
  attempt(() => {
    for (const record of recordsOf(parseEvent(body))) {
      attempt(() => {
        const file = readInput(wanted, record);
        if (!file) ignored++;
        else if (canHold(file.key)) files.push(file);
        else {
          refused++;
          log("warn", "refused a record", { reason: "its key has a NUL character", key: file.key });
        }
      });
    }
  });
  return { messageId, files, ignored, refused, ...(error ? { error } : {}) };
}

/**
 * Parses the file that a record announces.
 *
 * @throws MalformedRecordError when it should name an object version and does not
 */
function readInput(wanted: WantedKeys, record: unknown): LedgerFile | undefined {
  const object = readCreatedObject(record);
  if ("ignored" in object) {
    log("info", "ignored a record", { reason: object.ignored });
    return undefined;
  }
  const { bucket, key, version, size } = object;
  const dataset = wantedBy(wanted, key);
  if (dataset === undefined) {
    log("info", "ignored a record", { reason: "its key is none that is listed", key });
    return undefined;
  }
  return { bucket, key, version, size, modifiedAt: timeOf(record), dataset };
}
