import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SetUpError } from "./errors";
import { run } from "./process";

/** Exit code of build.py where it has no compiler, or no target for this machine. */
const IMPOSSIBLE = 3;

/** Returns whether the virtual environment has the native library of these sources. */
export function isNativeCurrent(environment: string, sources: string): boolean {
  const stamp = stampFile(environment);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === inputsOf(sources);
}

/**
 * Builds the native library for this machine and installs it into the virtual environment, unless it is
 * there. Where this machine cannot build it, reports that and goes on: the kernels in Python do the same,
 * slowly.
 * @throws SetUpError with the compiler's message where the sources do not build.
 */
export async function ensureNative(
  environment: string,
  python: string,
  sources: string,
  report: (message: string) => void,
): Promise<void> {
  if (isNativeCurrent(environment, sources)) return;
  const stamp = stampFile(environment);
  const inputs = inputsOf(sources);
  rmSync(dirname(stamp), { recursive: true, force: true });
  const wheel = await buildNativeWheel(python, sources, dirname(stamp), report);
  if (wheel === undefined) return;
  const words = ["--no-index", "--no-deps", "--force-reinstall", "--disable-pip-version-check", wheel];
  const { exitCode, output } = await run([python, "-m", "pip", "install", ...words]);
  if (exitCode !== 0) throw new SetUpError(`pip cannot install ${wheel}: ${output.trim().slice(-500)}`);
  writeFileSync(stamp, inputs);
}

/**
 * Builds the wheel of the native library into `folder`.
 * @param target a target of build.py. @default - this machine
 * @returns the wheel's path; nothing where this machine cannot build it, which is reported
 * @throws SetUpError with the compiler's message where the sources do not build.
 */
export async function buildNativeWheel(
  python: string,
  sources: string,
  folder: string,
  report: (message: string) => void,
  target?: string,
): Promise<string | undefined> {
  report(`building the native library of ${sources}${target === undefined ? "" : ` for ${target}`}`);
  mkdirSync(folder, { recursive: true });
  const words = ["--output", folder, ...(target === undefined ? [] : ["--target", target])];
  const { exitCode, output, stdout } = await run([python, join(sources, "build.py"), ...words]);
  if (exitCode === 0) return stdout.trim();
  if (exitCode !== IMPOSSIBLE) {
    throw new SetUpError(
      `${sources} does not build:\n${output.trim()}\ncorrect it; where nothing in it changed, delete .tributary/zig and try again`,
    );
  }
  report(`WARNING: no native library, NDJSON is read by the slow kernel in Python: ${output.trim()}`);
  return undefined;
}

/** Inputs of the installed library. The compiler is of the lock, with which the whole environment changes. */
function inputsOf(sources: string): string {
  const names = readdirSync(sources).filter((name) => /\.(py|zig)$/.test(name));
  const files = [...names.sort().map((name) => join(sources, name)), join(sources, "..", "pyproject.toml")];
  const hashes = files.map((file) => createHash("sha256").update(readFileSync(file)).digest("hex"));
  return [...names, ...hashes].join("\n");
}

function stampFile(environment: string): string {
  return join(environment, "tributary-native", "inputs");
}
