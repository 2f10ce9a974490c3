import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { checkReportFile, writeReportFile } from "../../local/outcome/report-file";
import { takeRunFolder } from "../../local/run-folder";

/** Above the largest process id of any system that this runs on. */
const NOBODY = 2 ** 30;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("a run's folder", () => {
  test.each([
    ["that ended", (release: () => void) => release()],
    ["that was killed", () => writeFileSync(join(folder, ".tributary-run"), String(NOBODY))],
  ])("is cleared of the results of a run %s, and of nothing else", (_, end) => {
    end(takeRunFolder(folder));
    mkdirSync(join(folder, "curated", "tables"), { recursive: true });
    writeFileSync(join(folder, "notes.txt"), "");
    takeRunFolder(folder);
    expect(readdirSync(folder).sort()).toEqual([".tributary-run", "notes.txt"]);
  });

  test("is made where it is missing", () => {
    takeRunFolder(join(folder, "a", "b"));
    expect(existsSync(join(folder, "a", "b"))).toBe(true);
  });

  test.each(["missing", "open to everybody"])("is its owner's alone where it was %s", (state) => {
    const own = join(folder, "own");
    if (state !== "missing") {
      mkdirSync(own);
      chmodSync(own, 0o777);
    }
    takeRunFolder(own);
    expect(statSync(own).mode & 0o777).toBe(0o700);
  });

  test.each<[string, (target: string) => void, RegExp]>([
    [
      "that holds files of another kind",
      (target) => writeFileSync(join(target, "thesis.doc"), ""),
      /holds files of another kind \(thesis\.doc\); name another folder by --output/,
    ],
    [
      "in which another run is at work",
      (target) => writeFileSync(join(target, ".tributary-run"), String(process.ppid)),
      new RegExp(`process ${process.ppid} is at work in it; name another folder by --output`),
    ],
    [
      "that is a file",
      (target) => {
        rmSync(target, { recursive: true });
        writeFileSync(target, "");
      },
      /EEXIST.*; name another folder by --output/,
    ],
  ])("is refused by name %s", (_, prepare, message) => {
    const target = join(folder, "run");
    mkdirSync(target);
    prepare(target);
    expect(() => takeRunFolder(target)).toThrow(message);
    expect(() => takeRunFolder(target)).toThrow(target);
  });
});

describe("the report", () => {
  test("appears whole, also in a folder that was missing", () => {
    const file = join(folder, "a", "report.json");
    checkReportFile(file);
    writeReportFile(file, { seconds: 1 });
    expect(readdirSync(join(folder, "a"))).toEqual(["report.json"]);
  });

  test.each([
    ["a folder", () => folder],
    ["below a file", () => join(__filename, "report.json")],
  ])("is refused before the run when it is %s", (_, file) => {
    expect(() => checkReportFile(file())).toThrow(
      new RegExp(`the report ${file()} cannot be written: .*; name another by --report`),
    );
  });
});
