import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ChildFailed, Interrupted, runChild } from "../../../local/process/child";
import { findInterpreter } from "../../../setup/interpreter";
import { ROOT } from "../../../setup/paths";
import { eventually } from "../../support/eventually";
import { isRunning } from "../platform";

const SUPERVISOR = join(ROOT, "local", "process", "supervisor.py");
/** Prints its process id and those of a child in a session of its own, which ignores every signal but SIGKILL. */
const STUBBORN = `
import os, signal, subprocess, sys, time
if len(sys.argv) > 1:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    print(os.getpid(), flush=True)
else:
    print(os.getpid(), flush=True)
    subprocess.Popen([sys.executable, __file__, "child"], start_new_session=True)
time.sleep(3600)
`;
let folder: string;
let python: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
  python = (await findInterpreter()).program;
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function options(further: { signal?: AbortSignal; log?: string; onLine?: (line: string) => void } = {}) {
  const { signal } = new AbortController();
  return { python, environment: process.env, folder, log: join(folder, "log"), signal, ...further };
}

test("keeps both outputs in the log and tells each line", async () => {
  const lines: string[] = [];
  const script = "import sys; print('out'); print('err', file=sys.stderr)";
  await runChild([python, "-c", script], options({ onLine: (line) => lines.push(line) }));
  expect(lines.sort()).toEqual(["err", "out"]);
  expect(readFileSync(join(folder, "log"), "utf8").trim().split("\n").sort()).toEqual(["err", "out"]);
});

test("fails with what the log says from its first error on, and nothing of a command before", async () => {
  await runChild([python, "-c", "print('an error of before')"], options());
  const script = "print('before'); print('\\x1b[31mError: no such thing'); print('after'); exit(3)";
  const failing = runChild([python, "-c", script], options());
  await expect(failing).rejects.toThrow(ChildFailed);
  await expect(failing).rejects.toMatchObject({ excerpt: "Error: no such thing\nafter" });
});

test("ends the command and names the log that the disk has no room for", async () => {
  const script = "import time; print('x' * 100000, flush=True); time.sleep(3600)";
  await expect(runChild([python, "-c", script], options({ log: "/dev/full" }))).rejects.toThrow(
    /^\/dev\/full cannot be written: ENOSPC.*; free some disk space, or name another folder by --output$/,
  );
});

test("interrupts the command, lets it tidy up, and throws why", async () => {
  const controller = new AbortController();
  const script = `
import time
try: print("ready", flush=True); time.sleep(3600)
except KeyboardInterrupt: open("tidied", "w").close()`;
  const onLine = () => controller.abort(new Interrupted("SIGINT"));
  const running = runChild([python, "-c", script], options({ signal: controller.signal, onLine }));
  await expect(running).rejects.toThrow(Interrupted);
  expect(existsSync(join(folder, "tidied"))).toBe(true);
});

test("a supervised command ends with its starter, however that ends, sessions of its own included", async () => {
  const script = join(folder, "stubborn.py");
  writeFileSync(script, STUBBORN);
  const supervisor = spawn(python, [SUPERVISOR, python, script], { stdio: ["pipe", "pipe", "inherit"] });
  const pids: number[] = [];
  createInterface({ input: supervisor.stdout }).on("line", (line) => pids.push(Number(line)));
  await eventually("two processes", () => pids.length === 2);
  expect(pids.map(isRunning)).toEqual([true, true]);
  // What the system does to a pipe whose holder is killed.
  supervisor.stdin.destroy();
  await eventually("their end", () => pids.every((pid) => !isRunning(pid)));
});

test.each([
  ["its code", "exit(7)", [7, null]],
  ["its signal", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", [null, "SIGKILL"]],
  ["its interruption", "import os, signal; os.kill(os.getpid(), signal.SIGTERM)", [null, "SIGTERM"]],
])("a supervised command's end is told by %s", async (_, script, end) => {
  const child = spawn(python, [SUPERVISOR, python, "-c", script], { stdio: ["pipe", "ignore", "inherit"] });
  expect(await once(child, "exit")).toEqual(end);
});
