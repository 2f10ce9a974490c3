import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { findInterpreter } from "../../setup/interpreter";
import { Checkout } from "../support/checkout";
import { type Outcome, outcomeOf } from "../support/outcome";
import { stepOf, workflow } from "./workflow";

const VERSION = "0.1.0";

describe("the steps of a release", () => {
  const checkout = new Checkout();
  let python = "";
  beforeAll(async () => {
    ({ program: python } = await findInterpreter());
    mkdirSync(checkout.path("bin"));
    writeFileSync(checkout.path("bin", "python"), `#!/bin/sh\nexec ${python} "$@"\n`, { mode: 0o755 });
  });
  afterAll(() => checkout.remove());

  const run = (name: string, TAG = `v${VERSION}`): Promise<Outcome> => {
    const { run: script = "" } = stepOf("release.yml", "build", name);
    const PATH = `${checkout.path("bin")}:${process.env["PATH"]}`;
    return outcomeOf(["bash", "-e", "-c", script], checkout.folder, { TAG, PATH });
  };
  const NOTES = "take the notes out of the changelog";
  const changelog = (text: string) => writeFileSync(checkout.path("CHANGELOG.md"), text);

  test("refuse a tag of another version, and a version that the changelog has not", async () => {
    const other = await run(NOTES, "v9.9.9");
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining(`tag v${VERSION}`)]);
    changelog("# Changelog\n\n## Unreleased\n\n- more\n");
    const none = await run(NOTES);
    expect([none.code, none.stderr]).toEqual([
      1,
      `CHANGELOG.md has no section that begins with: ## ${VERSION}\n`,
    ]);
  });

  test("take the version's section of the changelog, and no other", async () => {
    changelog(
      `# Changelog\n\n## Unreleased\n\n- more\n\n## ${VERSION} - 2026-12-01\n\n### Added\n\n- this\n\n## 0.0.9\n\n- old\n`,
    );
    expect(await run(NOTES)).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(checkout.path("notes.md"), "utf8").trim()).toBe("### Added\n\n- this");
  });

  test("list the packages of npm and of Python in CycloneDX, and no others", async () => {
    mkdirSync(checkout.path("release"), { recursive: true });
    const install = workflow("release.yml").jobs["build"]?.steps?.find((step) => step["working-directory"]);
    const folder = install?.["working-directory"] ?? "";
    expect(await checkout.run(install?.run ?? "", folder)).toMatchObject({ code: 0 });
    expect(await run("list the packages of npm")).toMatchObject({ code: 0 });
    expect(await run("list the packages of Python")).toMatchObject({ code: 0 });
    const listed = (file: string) => {
      const { bomFormat, components } = JSON.parse(readFileSync(checkout.path("release", file), "utf8"));
      expect(bomFormat).toBe("CycloneDX");
      return components.map(
        ({ group, name, version }: Record<string, string>) =>
          `${group === undefined ? "" : `${group}/`}${name}@${version}`,
      );
    };
    const npm = listed("npm.cdx.json");
    const { dependencies, devDependencies } = JSON.parse(readFileSync(checkout.path("package.json"), "utf8"));
    const named = (of: object) => Object.entries(of).map(([name, version]) => `${name}@${version}`);
    expect(npm).toEqual(expect.arrayContaining(named(dependencies)));
    expect(npm.filter((each: string) => named(devDependencies).includes(each))).toEqual([]);
    const lock = readFileSync(checkout.path("glue", "requirements.lock"), "utf8");
    const pinned = [...lock.matchAll(/^([\w.-]+)==(\S+)/gm)].map(([, name, version]) => `${name}@${version}`);
    expect(listed("python.cdx.json").sort()).toEqual(pinned.sort());
  });
});
