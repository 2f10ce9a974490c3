import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findInterpreter } from "../../setup/interpreter";

/** Gives `test` a folder that is removed after it. */
export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
  try {
    await test(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes a program that runs `lines` of shell. */
export function program(file: string, ...lines: string[]): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${lines.join("\n")}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Makes a zip archive of texts by path, the same bytes each time, and returns its SHA-256. */
export async function zip(file: string, entries: Record<string, string>): Promise<string> {
  const { program: python } = await findInterpreter();
  const script = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    for name, text in json.loads(sys.argv[2]).items():
        archive.writestr(zipfile.ZipInfo(name), text)`;
  execFileSync(python, ["-c", script, file, JSON.stringify(entries)]);
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** Makes an installable wheel with one module, and returns its SHA-256. */
export function wheel(folder: string, name: string, version: string): Promise<string> {
  const information = `${name}-${version}.dist-info`;
  return zip(join(folder, `${name}-${version}-py3-none-any.whl`), {
    [`${name}.py`]: `VERSION = "${version}"\n`,
    [`${information}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${information}/WHEEL`]:
      "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    [`${information}/RECORD`]: "",
  });
}

/** Lets pip see the files of `folder` alone while `work` runs. */
export async function withIndex<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const before = { ...process.env };
  process.env["PIP_NO_INDEX"] = "1";
  process.env["PIP_FIND_LINKS"] = folder;
  try {
    return await work();
  } finally {
    for (const name of ["PIP_NO_INDEX", "PIP_FIND_LINKS"]) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}
