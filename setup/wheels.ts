import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetUpError } from "./errors";
import { withLock } from "./lock";
import { buildNativeWheel } from "./native";
import { ROOT, WORKING_FOLDER } from "./paths";
import { run } from "./process";
import { ensurePython } from "./python";

/** Wheel that Glue jobs need, as glue/wheels.json lists it. */
export interface Wheel {
  readonly file: string;
  readonly sha256: string;
}

export interface WheelsPlace {
  /** List of wheels, made by `npm run pin-wheels`. */
  readonly list: string;
  /** Folder of the files, by their names. */
  readonly folder: string;
}

/** Target of Glue's workers, as glue/native/build.py names it. */
const GLUE_TARGET = "linux-x86_64";

const PROJECT: WheelsPlace = {
  list: join(ROOT, "glue", "wheels.json"),
  folder: join(WORKING_FOLDER, "wheels"),
};

/**
 * Downloads the wheels of the list that are not there yet, each checked against its listed checksum.
 * Safe for two processes at a time.
 * @throws SetUpError where one cannot be downloaded.
 */
export async function ensureWheels(
  report: (message: string) => void,
  place: WheelsPlace = PROJECT,
): Promise<void> {
  const wheels: Wheel[] = JSON.parse(readFileSync(place.list, "utf8"));
  await withLock(`${place.folder}.lock`, report, async () => {
    const missing = wheels.filter((wheel) => !isPresent(wheel, place.folder));
    if (missing.length > 0) await download(missing, place.folder, report);
  });
}

/**
 * Builds the wheel of the native library for Glue next to the others, each time: it takes seconds.
 *
 * @throws SetUpError where this machine cannot build it
 */
export async function ensureNativeWheel(
  report: (message: string) => void,
  folder: string = PROJECT.folder,
): Promise<void> {
  const { python } = await ensurePython("run", report);
  const sources = join(ROOT, "glue", "native");
  await withLock(`${folder}.lock`, report, async () => {
    const wheel = await buildNativeWheel(python, sources, folder, report, GLUE_TARGET);
    if (wheel === undefined) throw new SetUpError("deploy from Linux or macOS, on x86_64 or arm64");
  });
}

function isPresent({ file, sha256 }: Wheel, folder: string): boolean {
  const path = join(folder, file);
  return existsSync(path) && createHash("sha256").update(readFileSync(path)).digest("hex") === sha256;
}

async function download(
  wheels: readonly Wheel[],
  folder: string,
  report: (message: string) => void,
): Promise<void> {
  const { python } = await ensurePython("run", report);
  const drafts = `${folder}.draft`;
  rmSync(drafts, { recursive: true, force: true });
  mkdirSync(drafts, { recursive: true });
  mkdirSync(folder, { recursive: true });
  report(`downloading ${wheels.length} wheels for Glue`);
  const requirements = join(drafts, "requirements.txt");
  writeFileSync(requirements, wheels.map(requirementOf).join("\n"));
  const { exitCode, output } = await run([
    python,
    "-m",
    "pip",
    ...downloadWords(wheels, requirements, drafts),
  ]);
  if (exitCode !== 0) {
    throw new SetUpError(
      `pip cannot download the wheels for Glue: ${output.trim().slice(-500)}; check the network and pip's own configuration`,
    );
  }
  for (const { file } of wheels) renameSync(join(drafts, file), join(folder, file));
  rmSync(drafts, { recursive: true });
}

/** Requirement of pip for the one file that a wheel's name and checksum allow. */
function requirementOf({ file, sha256 }: Wheel): string {
  const [name, version] = file.split("-");
  return `${name}==${version} --hash=sha256:${sha256}`;
}

function downloadWords(wheels: readonly Wheel[], requirements: string, folder: string): string[] {
  const platforms = new Set(wheels.flatMap(({ file }) => platformsOf(file)));
  return [
    ...["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"],
    ...["--only-binary", ":all:", "--implementation", "cp", "--python-version", "3.11"],
    ...[...platforms].flatMap((platform) => ["--platform", platform]),
    ...["--dest", folder, "--requirement", requirements],
  ];
}

/** Platform tags at the end of a wheel's name: several are joined by dots. */
function platformsOf(file: string): string[] {
  return (
    file
      .replace(/\.whl$/, "")
      .split("-")
      .at(-1) ?? ""
  ).split(".");
}
