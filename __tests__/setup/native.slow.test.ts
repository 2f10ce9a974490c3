import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { nativeWheel } from "../../constructs/code/glue-package";
import { isNativeCurrent } from "../../setup/native";
import { ROOT, WORKING_FOLDER } from "../../setup/paths";
import { ensurePython } from "../../setup/python";
import { ensureNativeWheel } from "../../setup/wheels";
import { inFolder, wheel, withIndex } from "./machine";

/** One function in place of the kernels, for each variant. */
const KERNEL = `
const std = @import("std");
const builtin = @import("builtin");
const v3 = builtin.cpu.arch == .x86_64 and std.Target.x86.featureSetHas(builtin.cpu.features, .avx2);
fn answer() callconv(.c) c_int { return 1; }
comptime { @export(&answer, .{ .name = if (v3) "answer_v3" else "answer" }); }
`;

interface Machine {
  readonly sources: string;
  readonly environment: string;
  readonly ensure: () => Promise<string>;
  /** What was reported since the last call. */
  reported(): string[];
  /** What the installed library's function gives. */
  readonly answer: () => number;
}

let compiler: string;
beforeAll(async () => {
  const { python } = await ensurePython("run", () => undefined);
  const program = "import ziglang; print(ziglang.__path__[0])";
  compiler = execFileSync(python, ["-c", program], { encoding: "utf8" }).trim();
  // Without it each folder's first build would make the compiler's own parts again.
  process.env["ZIG_GLOBAL_CACHE_DIR"] = join(WORKING_FOLDER, "zig", "global");
});

/** A machine with sources of its own, whose lock names one package: the compiler, or another one. */
async function onMachine(
  locked: "ziglang" | "another",
  test: (machine: Machine) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const sources = join(folder, "glue", "native");
    mkdirSync(sources, { recursive: true });
    for (const name of ["build.py", "library.zig"]) {
      cpSync(join(ROOT, "glue", "native", name), join(sources, name));
    }
    writeFileSync(join(sources, "ndjson.zig"), KERNEL);
    writeFileSync(join(folder, "glue", "pyproject.toml"), '[project]\nversion = "1.0"\n');
    const lock = join(folder, "lock");
    writeFileSync(lock, `needed==1.0 --hash=sha256:${await wheel(folder, "needed", "1.0")}`);
    const environment = join(folder, "python");
    const place = { folder: environment, locks: { run: lock, dev: lock } };
    const reports: string[] = [];
    const report = (message: string) => void reports.push(message);
    const { python } = await withIndex(folder, () => ensurePython("run", report, place));
    if (locked === "ziglang") linkCompiler(python);
    await test({
      sources,
      environment,
      ensure: async () => (await ensurePython("run", report, { ...place, native: sources })).python,
      reported: () => reports.splice(0),
      answer: () => {
        const program =
          "import ctypes, tributary_native; print(ctypes.CDLL(str(tributary_native.LIBRARY)).answer())";
        return Number(execFileSync(python, ["-c", program], { encoding: "utf8" }));
      },
    });
  });
}

/** Lets an environment share the compiler of the project's, which takes long to install. */
function linkCompiler(python: string): void {
  const program = "import sysconfig; print(sysconfig.get_path('purelib'))";
  const packages = execFileSync(python, ["-c", program], { encoding: "utf8" }).trim();
  symlinkSync(compiler, join(packages, "ziglang"));
}

const isBuild = (message: string) => message.startsWith("building the native library of ");

describe("the native library", () => {
  test("is built into the environment once, again after a change, and not at all from a broken source", () =>
    onMachine("ziglang", async ({ sources, environment, ensure, reported, answer }) => {
      reported();
      await Promise.all([ensure(), ensure()]);
      expect(reported().filter(isBuild)).toHaveLength(1);
      expect(answer()).toBe(1);
      await ensure();
      expect(reported()).toEqual([]);

      const kernel = join(sources, "ndjson.zig");
      writeFileSync(kernel, KERNEL.replace("return 1", "return 2"));
      await ensure();
      expect(reported().filter(isBuild)).toHaveLength(1);
      expect(answer()).toBe(2);

      appendFileSync(kernel, "\nconst broken = ;\n");
      for (const _ of ["first", "second"]) {
        await expect(ensure()).rejects.toThrow(
          /glue\/native does not build:\nndjson\.zig:\d+:\d+: error: .*correct it/s,
        );
      }
      writeFileSync(kernel, KERNEL);
      await ensure();
      expect(answer()).toBe(1);

      for (const change of [
        () => appendFileSync(join(sources, "build.py"), "# changed\n"),
        () => writeFileSync(join(sources, "further.zig"), ""),
        () => writeFileSync(join(sources, "..", "pyproject.toml"), '[project]\nversion = "2.0"\n'),
      ]) {
        expect(isNativeCurrent(environment, sources)).toBe(true);
        change();
        expect(isNativeCurrent(environment, sources)).toBe(false);
        await ensure();
      }
    }));

  test("is left out, loudly, where there is no compiler", () =>
    onMachine("another", async ({ ensure, reported }) => {
      for (const _ of ["first", "second"]) {
        await ensure();
        expect(reported().at(-1)).toMatch(
          /^WARNING: no native library, NDJSON is read by the slow kernel in Python: the package ziglang is not/,
        );
      }
    }));

  test("stands in the project's environment, for the jobs and the tests", async () => {
    const { python } = await ensurePython("run", () => undefined);
    const program = "import ctypes, tributary_native; ctypes.CDLL(str(tributary_native.LIBRARY))";
    expect(execFileSync(python, ["-c", program], { encoding: "utf8" })).toBe("");
  });
});

describe("the wheel for Glue", () => {
  test("is built where the stacks upload it from", async () => {
    const { name, path } = nativeWheel();
    const reports: string[] = [];
    await ensureNativeWheel((message) => reports.push(message));
    expect(reports.filter(isBuild)).toHaveLength(1);
    expect(existsSync(path)).toBe(true);
    expect(basename(path)).toBe(name);
  });
});
