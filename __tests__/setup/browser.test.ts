import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { type BrowserPlace, ensureBrowser } from "../../setup/browser";
import { inFolder, program } from "./machine";

const silent = () => undefined;

/** A machine with an npm that gives a package with such programs. */
function machine(folder: string, further: Partial<BrowserPlace> = {}): BrowserPlace {
  const archive = join(folder, "chromium.tgz");
  const bin = join(folder, "made", "package", "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "chromium.br"), brotliCompressSync("#!/bin/sh\necho Chromium\n"));
  for (const [name, file] of [
    ["al2023", "lib/libnss3.so"],
    ["fonts", "fonts/a.ttf"],
  ] as const) {
    const content = join(folder, name, file);
    mkdirSync(dirname(content), { recursive: true });
    writeFileSync(content, "");
    execFileSync("tar", ["-cf", join(folder, `${name}.tar`), "-C", join(folder, name), "."]);
    writeFileSync(join(bin, `${name}.tar.br`), brotliCompressSync(readFileSync(join(folder, `${name}.tar`))));
  }
  execFileSync("tar", ["-czf", archive, "-C", join(folder, "made"), "package"]);
  const npm = 'for folder in "$@"; do :; done';
  program(
    join(folder, "path", "npm"),
    npm,
    `cp ${archive} "$folder" && echo chromium.tgz`,
    `echo once >> ${folder}/asked`,
  );
  return {
    folder: join(folder, "chromium"),
    integrity: `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`,
    machine: `${process.platform} ${process.arch}`,
    environment: { PATH: [join(folder, "path"), "/usr/bin", "/bin"].join(delimiter) },
    further: [],
    names: ["chromium-of-a-test"],
    ...further,
  };
}

describe("ensureBrowser", () => {
  test("takes what a variable names, then what is on PATH, then a program elsewhere", () =>
    inFolder(async (folder) => {
      const [named, onPath, elsewhere] = ["named", "path/chromium-of-a-test", "elsewhere"].map((name) =>
        program(join(folder, name)),
      ) as [string, string, string];
      const place = machine(folder, { further: [elsewhere] });
      const environment = { ...place.environment, TRIBUTARY_CHROMIUM: named };
      const taken = await ensureBrowser(silent, { ...place, environment });
      expect(taken).toMatchObject({ program: named, environment: {} });
      expect(await ensureBrowser(silent, place)).toMatchObject({ program: onPath, environment: {} });
      rmSync(onPath);
      expect(await ensureBrowser(silent, place)).toMatchObject({ program: elsewhere, environment: {} });
    }));

  test("unpacks the pinned one once, with its libraries and its font", () =>
    inFolder(async (folder) => {
      const place = machine(folder);
      const [first, second] = await Promise.all([ensureBrowser(silent, place), ensureBrowser(silent, place)]);
      expect(second).toEqual(first);
      expect(readFileSync(join(folder, "asked"), "utf8")).toBe("once\n");
      expect(execFileSync(first.program, { encoding: "utf8" })).toBe("Chromium\n");
      const { LD_LIBRARY_PATH = "", FONTCONFIG_FILE = "" } = first.environment;
      expect(readdirSync(LD_LIBRARY_PATH)).toEqual(["libnss3.so"]);
      expect(existsSync(join(dirname(FONTCONFIG_FILE), "fonts", "a.ttf"))).toBe(true);
      expect(readFileSync(FONTCONFIG_FILE, "utf8")).toContain(`<dir>${dirname(FONTCONFIG_FILE)}/fonts</dir>`);
    }));

  test.each<[string, Partial<BrowserPlace>, RegExp]>([
    ["a package of other bytes", { integrity: "sha512-x" }, /has sha512-\S+ instead of sha512-x/],
    ["a machine that the package is not for", { machine: "plan9 mips" }, /none from npm for/],
    [
      "a name of nothing",
      { environment: { TRIBUTARY_CHROMIUM: "/no/such/program" } },
      /TRIBUTARY_CHROMIUM names \/no\/such\/program, which does not exist/,
    ],
  ])("refuses %s, with the way out", (_, further, message) =>
    inFolder(async (folder) => {
      const place = machine(folder, further);
      await expect(ensureBrowser(silent, place)).rejects.toThrow(message);
      await expect(ensureBrowser(silent, place)).rejects.toThrow(
        /install one .* or name it by TRIBUTARY_CHROMIUM/,
      );
      expect(
        existsSync(place.folder) ? readdirSync(place.folder).filter((name) => !/draft$/.test(name)) : [],
      ).toEqual([]);
    }),
  );
});
