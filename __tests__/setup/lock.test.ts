import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { withLock } from "../../setup/lock";
import { inFolder } from "./machine";

const silent = () => undefined;

describe("the lock", () => {
  test("lets one in at a time and names the holder to who waits", () =>
    inFolder(async (folder) => {
      const file = join(folder, "lock");
      const events: string[] = [];
      const reports: string[] = [];
      const enter = (name: string) =>
        withLock(
          file,
          (message) => reports.push(message),
          async () => {
            events.push(`${name} in`);
            await new Promise((resolve) => setTimeout(resolve, 50));
            events.push(`${name} out`);
          },
          0,
        );
      await Promise.all([enter("a"), enter("b")]);
      expect(events).toEqual(["a in", "a out", "b in", "b out"]);
      expect(reports).toEqual([`waiting for process ${process.pid}, which holds ${file}`]);
      expect(existsSync(file)).toBe(false);
    }));

  test("is taken over from a process that has ended", () =>
    inFolder(async (folder) => {
      const file = join(folder, "lock");
      const { pid } = spawnSync("true");
      writeFileSync(file, String(pid));
      await expect(withLock(file, silent, async () => "done")).resolves.toBe("done");
    }));

  test("is released by work that fails", () =>
    inFolder(async (folder) => {
      const file = join(folder, "lock");
      const failing = withLock(file, silent, async () => {
        throw new Error("bad");
      });
      await expect(failing).rejects.toThrow("bad");
      expect(existsSync(file)).toBe(false);
    }));
});
