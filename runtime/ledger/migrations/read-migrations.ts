import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MigrationFilesError } from "./errors";

export interface Migration {
  readonly file: string;
  readonly sql: string;
  /** SHA-256 of the file, in hexadecimal digits. */
  readonly sha256: string;
  /** True where it runs outside of a transaction, as CREATE INDEX CONCURRENTLY must. */
  readonly isBare: boolean;
}

/** First line of a file that runs outside of a transaction: one statement, which must be safe to repeat. */
export const BARE = "-- no transaction";

const NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;

/**
 * Reads the migrations of a folder in their order.
 *
 * @throws MigrationFilesError where names are not 0001-what-it-does.sql without a gap
 */
export function readMigrations(folder: string): Migration[] {
  const files = readdirSync(folder).sort();
  for (const [index, file] of files.entries()) {
    const number = NAME.exec(file)?.[1];
    if (number === undefined || Number(number) !== index + 1) {
      throw new MigrationFilesError(
        `${join(folder, file)} stands where ${String(index + 1).padStart(4, "0")}-<what-it-does>.sql is expected`,
      );
    }
  }
  return files.map((file) => toMigration(file, readFileSync(join(folder, file))));
}

function toMigration(file: string, content: Buffer): Migration {
  const sql = content.toString("utf8");
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { file, sql, sha256, isBare: sql.startsWith(`${BARE}\n`) };
}
