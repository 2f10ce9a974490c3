import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { ROOT } from "../../../setup/paths";
import { ensurePython } from "../../../setup/python";
import { resourcesOf } from "../../support/resources";
import { stacksOf } from "../../support/stacks";

const GLUE = join(ROOT, "glue");
/** Scripts by their names, the package's own file left out. */
const SCRIPTS = readdirSync(join(GLUE, "jobs"))
  .filter((file) => /^[a-z]\w*\.py$/.test(file))
  .map((file) => basename(file, ".py"));

interface Job {
  readonly command: { readonly script_location: string };
  readonly default_arguments: Readonly<Record<string, string>>;
  readonly non_overridable_arguments: Readonly<Record<string, string>>;
}

/** Glue jobs by the names of their scripts. */
function jobs(): ReadonlyMap<string, Job> {
  const stack = stacksOf("prod").get("prod-compute");
  const found = resourcesOf(stack, "aws_glue_job").map(([, job]) => job as unknown as Job);
  return new Map(found.map((job) => [basename(job.command.script_location, ".py"), job]));
}

/** Names that are a script's: Glue's own have hyphens or capitals inside, but one. */
function ownNames(values: Readonly<Record<string, string>>): string[] {
  return Object.keys(values)
    .filter((name) => /^--[a-z][a-z0-9_]*$/.test(name) && name !== "--conf")
    .map((name) => name.slice(2));
}

describe("the Glue jobs", () => {
  const given = jobs();
  const read = new Map<string, readonly string[]>();

  beforeAll(async () => {
    const { python } = await ensurePython("run", () => {});
    await Promise.all(
      SCRIPTS.map(async (script) => {
        const words = ["-m", "tributary.running.arguments", script];
        const { stdout } = await promisify(execFile)(python, words, { cwd: GLUE });
        read.set(
          script,
          (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name),
        );
      }),
    );
  });

  test("run every script that there is", () => {
    expect([...given.keys()].sort()).toEqual(SCRIPTS.toSorted());
  });

  test.each(SCRIPTS)("give %s exactly the arguments that it reads, each once", (script) => {
    const { default_arguments, non_overridable_arguments } = given.get(script) as Job;
    const names = [...ownNames(default_arguments), ...ownNames(non_overridable_arguments)];
    expect(names.sort()).toEqual([...(read.get(script) as string[])].sort());
  });
});
