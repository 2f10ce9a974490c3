import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ensurePython } from "../../setup/python";
import { inFolder, wheel, withIndex } from "./machine";

interface Machine {
  readonly place: Parameters<typeof ensurePython>[2] & object;
  /** What was reported since the last call. */
  reported(): string[];
  readonly ensure: (profile: "run" | "dev") => Promise<string>;
  readonly version: (module: string) => string;
}

/** A machine whose index has two modules in two versions, and whose locks name the first ones. */
async function onMachine(test: (machine: Machine) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const place = {
      folder: join(folder, "python"),
      locks: { run: join(folder, "run.lock"), dev: join(folder, "dev.lock") },
    };
    await writeLock(folder, place.locks.run, ["needed", "1.0"]);
    await writeLock(folder, place.locks.dev, ["needed", "1.0"], ["checker", "1.0"]);
    const reports: string[] = [];
    const machine: Machine = {
      place,
      reported: () => reports.splice(0),
      ensure: async (profile) => {
        const report = (message: string) => void reports.push(message);
        return (await withIndex(folder, () => ensurePython(profile, report, place))).python;
      },
      version: (module) => {
        const words = ["-c", `import ${module}; print(${module}.VERSION)`];
        return execFileSync(join(place.folder, "bin", "python"), words, { encoding: "utf8" }).trim();
      },
    };
    await test(machine);
  });
}

async function writeLock(folder: string, lock: string, ...modules: [string, string][]): Promise<void> {
  const lines = [];
  for (const [name, version] of modules) {
    lines.push(`${name}==${version} --hash=sha256:${await wheel(folder, name, version)}`);
  }
  writeFileSync(lock, lines.join("\n"));
}

describe("ensurePython", () => {
  // One story in three environments, for each takes seconds to make.
  test("leaves nothing that is half-made, serves two at once, adds a profile, and follows a changed lock", () =>
    onMachine(async ({ place, ensure, reported, version }) => {
      const stamp = join(place.folder, "tributary.json");
      const good = readFileSync(place.locks.run);
      writeFileSync(place.locks.run, `needed==1.0 --hash=sha256:${"0".repeat(64)}`);
      await expect(ensure("run")).rejects.toThrow(/^pip cannot install .*run\.lock: .*; check the network/);
      expect(existsSync(stamp)).toBe(false);

      writeFileSync(place.locks.run, good);
      reported();
      const both = await Promise.all([ensure("run"), ensure("run")]);
      expect(both).toEqual(Array(2).fill(join(place.folder, "bin", "python")));
      expect(reported().filter((message) => message.startsWith("making a Python 3."))).toHaveLength(1);
      expect(version("needed")).toBe("1.0");

      await ensure("dev");
      expect(reported()).toContain(`installing ${place.locks.dev}`);
      expect(version("checker")).toBe("1.0");
      await ensure("run");
      await ensure("dev");
      expect(reported()).toEqual([]);

      await writeLock(dirname(place.folder), place.locks.run, ["needed", "2.0"]);
      await ensure("run");
      expect(reported()[0]).toMatch(/^making/);
      expect(version("needed")).toBe("2.0");
      expect(Object.keys(JSON.parse(readFileSync(stamp, "utf8")))).toEqual(["run"]);
    }));
});
