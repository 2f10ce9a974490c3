import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { App, TerraformStack } from "cdktf";
import { StoredCode } from "../../../constructs/code/stored-code";

const folder = mkdtempSync(join(tmpdir(), "tributary-code-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FILES = ["a.py", "b.zip"].map((name, index) => {
  const path = join(folder, name);
  writeFileSync(path, name);
  return { name, sha256: String(index).repeat(64), path };
});

const KEPT = `schemas/orders/${"a".repeat(64)}/dataset.json`;

interface Program {
  readonly triggers_replace: Readonly<Record<string, string>>;
  readonly lifecycle: object;
  readonly provisioner: readonly [
    {
      "local-exec": { interpreter: readonly string[]; command: string; environment: Record<string, string> };
    },
  ];
}

/** The program that each resource runs, and the folder that it runs in. */
function synthesized(files: typeof FILES): { programs: Program[]; place: string } {
  const outdir = join(folder, "out");
  const app = new App({ outdir });
  const stack = new TerraformStack(app, "test");
  const code = new StoredCode(stack, "code", {
    bucketName: "artifacts",
    account: "1",
    region: "us-east-1",
    pathStyle: true,
  });
  for (const file of files) code.add("glue", file);
  for (const file of files) code.add("glue", file);
  code.keep(KEPT, files[0]?.path ?? "");
  app.synth();
  const place = join(outdir, "stacks", "test");
  const { resource } = JSON.parse(readFileSync(join(place, "cdk.tf.json"), "utf8"));
  return { programs: Object.values(resource.terraform_data), place };
}

describe("stored code", () => {
  const { programs, place } = synthesized(FILES);
  const told = (program: Program) => program.provisioner[0]["local-exec"];

  test("is uploaded before, and marked afterwards, by the program of this checkout", () => {
    expect(programs.map((program) => told(program).command)).toEqual(["mark", "store"]);
    for (const program of programs) {
      const [node, ...words] = told(program).interpreter;
      expect(node).toBe("node");
      for (const word of words.filter((each) => !each.startsWith("--"))) {
        expect(existsSync(resolve(place, word))).toBe(true);
      }
      expect(program.lifecycle).toEqual({ create_before_destroy: true });
    }
  });

  test("is named once by keys of its content, with a file for each in the stack's folder", () => {
    for (const program of programs) {
      const code = JSON.parse(told(program).environment["TRIBUTARY_CODE"] ?? "");
      expect(code).toMatchObject({
        account: "1",
        region: "us-east-1",
        pathStyle: true,
        folders: ["glue", "wheels"],
      });
      expect(code.files.map(({ key }: { key: string }) => key)).toEqual([
        ...FILES.map(({ name, sha256 }) => `glue/${sha256}/${name}`),
        KEPT,
      ]);
      for (const { path } of code.files) expect(path.startsWith("assets/")).toBe(true);
    }
  });

  test("is uploaded and marked again when other code is named, and not when another machine deploys", () => {
    const triggers = programs.map((program) => program.triggers_replace);
    expect(synthesized([...FILES].reverse()).programs.map((each) => each.triggers_replace)).toEqual(triggers);
    const [first] = FILES as [(typeof FILES)[0]];
    for (const { triggers_replace } of synthesized([first]).programs) {
      expect(triggers_replace).not.toEqual(triggers[0]);
      expect(JSON.stringify(triggers_replace)).not.toContain("assets/");
    }
  });
});
