import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ROOT } from "../../setup/paths";
import { ensureWheels, type Wheel } from "../../setup/wheels";
import { inFolder, wheel, withIndex } from "./machine";

const LISTED: Wheel[] = JSON.parse(readFileSync(join(ROOT, "glue", "wheels.json"), "utf8"));

describe("glue/wheels.json", () => {
  test.each(LISTED.map(({ file, sha256 }) => [file, sha256]))(
    "agrees with the lock about %s",
    (file, sha256) => {
      const [name = "", version = ""] = file.split("-");
      const lock = readFileSync(join(ROOT, "glue", "requirements.lock"), "utf8");
      const entry = lock
        .split(/\n(?=\S)/)
        .find((block) => block.startsWith(`${name.replaceAll("_", "-")}==`));
      expect(entry?.split(/\s/)[0]).toBe(`${name.replaceAll("_", "-")}==${version}`);
      expect(entry).toContain(`sha256:${sha256}`);
    },
  );

  test("lists what the package declares, for Glue's Python and platform", () => {
    const project = readFileSync(join(ROOT, "glue", "pyproject.toml"), "utf8");
    const [, declared = ""] = /^dependencies = \[(.*?)\]/ms.exec(project) ?? [];
    const pins = [...declared.matchAll(/"([^"]+)==([^"]+)"/g)].map(
      ([, name, version]) => `${name}-${version}`,
    );
    expect(pins.length).toBeGreaterThan(0);
    for (const pin of pins) {
      const file = LISTED.find((candidate) => candidate.file.startsWith(`${pin}-`))?.file;
      expect(file).toMatch(/-(cp311-cp311-manylinux[^-]*x86_64|py3-none-any|py2\.py3-none-any)\.whl$/);
    }
  });
});

describe("ensureWheels", () => {
  test("downloads what is missing or damaged, and nothing else", () =>
    inFolder(async (folder) => {
      const list = join(folder, "wheels.json");
      const names = ["first", "second"];
      const wheels = [];
      for (const name of names) {
        wheels.push({ file: `${name}-1.0-py3-none-any.whl`, sha256: await wheel(folder, name, "1.0") });
      }
      writeFileSync(list, JSON.stringify(wheels));
      const place = { list, folder: join(folder, "kept") };
      const reports: string[] = [];
      const ensure = () => withIndex(folder, () => ensureWheels((message) => reports.push(message), place));
      await ensure();
      expect(readdirSync(place.folder).sort()).toEqual(wheels.map(({ file }) => file));
      await ensure();
      writeFileSync(join(place.folder, "second-1.0-py3-none-any.whl"), "damaged");
      await ensure();
      expect(reports).toEqual(["downloading 2 wheels for Glue", "downloading 1 wheels for Glue"]);
    }));

  test("refuses a wheel with another checksum", () =>
    inFolder(async (folder) => {
      await wheel(folder, "first", "1.0");
      const list = join(folder, "wheels.json");
      writeFileSync(list, JSON.stringify([{ file: "first-1.0-py3-none-any.whl", sha256: "0".repeat(64) }]));
      const place = { list, folder: join(folder, "kept") };
      const work = withIndex(folder, () => ensureWheels(() => undefined, place));
      await expect(work).rejects.toThrow(
        /^pip cannot download the wheels for Glue: .*Expected sha256 0{64}/s,
      );
      expect(readdirSync(place.folder)).toEqual([]);
    }));
});
