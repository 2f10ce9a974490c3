import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SetUpError } from "./errors";
import { findInterpreter } from "./interpreter";
import { withLock } from "./lock";
import { ensureNative, isNativeCurrent } from "./native";
import { ROOT, WORKING_FOLDER } from "./paths";
import { run } from "./process";

/** `run`: packages of jobs and the emulator. `dev`: Spark, Java and the checkers in addition. */
export type PythonProfile = "run" | "dev";

export interface PythonEnvironment {
  /** The interpreter of the virtual environment. */
  readonly python: string;
}

interface Place {
  /** Folder of the virtual environment. */
  readonly folder: string;
  readonly locks: Readonly<Record<PythonProfile, string>>;
  /** Sources of the native library that belongs in it. @default - none does */
  readonly native?: string;
}

const PROJECT: Place = {
  folder: join(WORKING_FOLDER, "python"),
  locks: {
    run: join(ROOT, "glue", "requirements.lock"),
    dev: join(ROOT, "glue", "requirements-dev.lock"),
  },
  native: join(ROOT, "glue", "native"),
};

/** Hash of the lock that each installed profile came from. */
type Stamp = Partial<Record<PythonProfile, string>>;

/**
 * Makes the project's virtual environment where it is missing, half-made or older than its locks, and builds
 * the native library into it where that is older than its sources; otherwise returns immediately. Two
 * concurrent processes are safe: the second waits for the first.
 * @throws SetUpError where no Python fits, an installation fails or the native library does not build.
 */
export async function ensurePython(
  profile: PythonProfile,
  report: (message: string) => void,
  place: Place = PROJECT,
): Promise<PythonEnvironment> {
  const python = join(place.folder, "bin", "python");
  const { native } = place;
  const isDone = () =>
    isCurrent(profile, place) && (native === undefined || isNativeCurrent(place.folder, native));
  if (!isDone()) {
    await withLock(`${place.folder}.lock`, report, async () => {
      if (!isCurrent(profile, place)) await make(profile, place, python, report);
      if (native !== undefined) await ensureNative(place.folder, python, native, report);
    });
  }
  return { python };
}

function isCurrent(profile: PythonProfile, place: Place): boolean {
  const stamp = readStamp(place);
  return stamp[profile] === hashOf(place.locks[profile]) && isConsistent(stamp, place);
}

/** Returns whether nothing of an older lock is left, which an installation on top would mix with the new. */
function isConsistent(stamp: Stamp, place: Place): boolean {
  return (Object.keys(stamp) as PythonProfile[]).every(
    (profile) => stamp[profile] === hashOf(place.locks[profile]),
  );
}

async function make(
  profile: PythonProfile,
  place: Place,
  python: string,
  report: (message: string) => void,
): Promise<void> {
  let stamp = readStamp(place);
  if (Object.keys(stamp).length === 0 || !isConsistent(stamp, place)) {
    stamp = {};
    rmSync(place.folder, { recursive: true, force: true });
    await makeEmpty(place, report);
  }
  // Without its stamp, an environment that Ctrl-C left half-made is made again.
  rmSync(stampFile(place), { force: true });
  await install(profile, place, python, report);
  writeStamp(place, { ...stamp, ...installed(profile, place) });
}

/** Stamp after the installation of `profile`: the second lock contains all of the first. */
function installed(profile: PythonProfile, place: Place): Stamp {
  const run = hashOf(place.locks.run);
  return profile === "run" ? { run } : { run, dev: hashOf(place.locks.dev) };
}

async function makeEmpty(place: Place, report: (message: string) => void): Promise<void> {
  const { program, version } = await findInterpreter();
  report(`making a Python ${version} environment in ${place.folder}`);
  mkdirSync(dirname(place.folder), { recursive: true });
  const { exitCode, output } = await run([program, "-m", "venv", place.folder]);
  if (exitCode !== 0) throw new SetUpError(`${program} -m venv ${place.folder} failed: ${lastLines(output)}`);
}

async function install(
  profile: PythonProfile,
  place: Place,
  python: string,
  report: (message: string) => void,
): Promise<void> {
  const lock = place.locks[profile];
  report(`installing ${lock}`);
  const words = ["install", "--disable-pip-version-check", "--require-hashes", "--requirement", lock];
  const { exitCode, output } = await run([python, "-m", "pip", ...words], {
    onLine: (line) => {
      if (/^(Collecting|Downloading|Installing collected)/.test(line.trim()))
        report(line.trim().slice(0, 100));
    },
  });
  if (exitCode !== 0) {
    throw new SetUpError(
      `pip cannot install ${lock}: ${lastLines(output)}; check the network, pip's own configuration and the free disk space, then try again`,
    );
  }
}

function lastLines(output: string): string {
  return output.trim().split("\n").slice(-3).join(" | ");
}

function hashOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function stampFile(place: Place): string {
  return join(place.folder, "tributary.json");
}

function readStamp(place: Place): Stamp {
  return existsSync(stampFile(place)) ? JSON.parse(readFileSync(stampFile(place), "utf8")) : {};
}

function writeStamp(place: Place, stamp: Stamp): void {
  const draft = `${stampFile(place)}.draft`;
  writeFileSync(draft, JSON.stringify(stamp));
  renameSync(draft, stampFile(place));
}
