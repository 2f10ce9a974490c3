import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Makes sure, before a run of minutes, that its report can be written at the end; makes the folder where missing.
 *
 * @throws Error naming the file and the way out.
 */
export function checkReportFile(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    accessSync(dirname(file), constants.W_OK);
    if (existsSync(file) && statSync(file).isDirectory()) throw new Error("it is a folder");
  } catch (error) {
    throw new Error(
      `the report ${file} cannot be written: ${(error as Error).message}; name another by --report`,
      {
        cause: error,
      },
    );
  }
}

/** Page about a run, in its folder. */
export const PAGE = "report.html";

/** Writes the report as JSON. */
export function writeReportFile(file: string, report: object): void {
  writeInOneStep(file, `${JSON.stringify(report, null, 2)}\n`);
}

/** Writes a file in one step, so that nobody ever reads half of it. Devices and pipes take it as it comes. */
export function writeInOneStep(file: string, text: string): void {
  if (existsSync(file) && !statSync(file).isFile()) {
    writeFileSync(file, text);
    return;
  }
  const draft = `${file}.${process.pid}.draft`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
