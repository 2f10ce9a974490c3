import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "../setup/lock";

/** File with the id of the process that uses a folder; empty where it has ended. */
const MARK = ".tributary-run";
const PRIVATE = 0o700;

/** Files that a run leaves; results of an earlier one would be counted as this one's. */
const LEFT = [
  "aws",
  "bootstrap.log",
  "cdktf.out",
  "curated",
  "deploy.log",
  "event-source.log",
  "functions.log",
  "generated",
  "job.log",
  "ledger.log",
  "manifests",
  "quarantine",
  "report.html",
  "stream.log",
];

/**
 * Creates the folder of a run, or clears that of an earlier one, and marks it as taken. No other user may enter it: logs,
 * temporary files and results are in it.
 *
 * @returns a function that releases it
 * @throws Error when it cannot be written, holds files of another kind, or another run uses it
 */
export function takeRunFolder(folder: string): () => void {
  const mark = join(folder, MARK);
  try {
    mkdirSync(folder, { recursive: true });
    refuseForeign(folder, mark);
    for (const name of existsSync(mark) ? LEFT : [])
      rmSync(join(folder, name), { recursive: true, force: true });
    chmodSync(folder, PRIVATE);
    writeFileSync(mark, String(process.pid));
  } catch (error) {
    throw new Error(
      `${folder} cannot hold this run: ${(error as Error).message}; name another folder by --output`,
      {
        cause: error,
      },
    );
  }
  return () => writeFileSync(mark, "");
}

function refuseForeign(folder: string, mark: string): void {
  if (!existsSync(mark)) {
    const [first] = readdirSync(folder);
    if (first !== undefined) throw new Error(`it holds files of another kind (${first})`);
    return;
  }
  const holder = Number(readFileSync(mark, "utf8"));
  if (holder !== 0 && isAlive(holder)) throw new Error(`process ${holder} is at work in it`);
}
