import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Binding, differingFiles, fileDigest, valueDigest } from "../../../cli/plan/binding";
import { takeSynthesis } from "../../../cli/plan/plan-stacks";
import { render } from "../../../cli/plan/summary/markdown";
import { outcomeOf } from "../../../cli/plan/summary/outcome";
import type { StackPlan } from "../../../cli/plan/summary/stack-plan";
import { summaryOf } from "../../../cli/plan/summary/summary";
import { loadEnvironment, loadPlanPolicy } from "../../../environments/schema";
import { COMPUTE, compute, expression, SOURCE, STORAGE, storage, TinyStacks } from "./tiny-stacks";

const HEADING = {
  environment: loadEnvironment("local"),
  policy: loadPlanPolicy("local"),
  uncommitted: [],
};
const textOf = (plans: ReadonlyMap<string, StackPlan>) => render(summaryOf([...plans.values()], HEADING));

describe("two stacks of which one reads the other's state", () => {
  let tiny: TinyStacks;
  beforeEach(() => {
    tiny = new TinyStacks();
  });
  afterEach(() => tiny.remove());

  const outcomes = (plans: ReadonlyMap<string, StackPlan>) =>
    [...plans].map(([name, each]) => [name, outcomeOf(each)]);
  const binding = (stack: string): Binding =>
    JSON.parse(readFileSync(join(tiny.out, stack, "binding.json"), "utf8"));
  const state = (stack: string) => JSON.parse(readFileSync(join(tiny.folder, `${stack}.tfstate`), "utf8"));

  test("the reader waits until there is something to read, then is planned with it, and bound to it", async () => {
    tiny.write(storage(), compute());
    const first = await tiny.plan();
    expect(outcomes(first)).toEqual([
      [STORAGE, "1 created, 2 outputs changed"],
      [COMPUTE, `cannot be planned until these are applied: ${STORAGE} (no state yet)`],
    ]);
    expect(textOf(first)).toContain(
      "cannot be planned until these are applied: local-storage (no state yet)",
    );
    expect(binding(STORAGE)).not.toHaveProperty("state");
    expect(binding(COMPUTE)).not.toHaveProperty("plan");
    expect(await tiny.apply(STORAGE)).toMatchObject({ code: 0 });

    const second = await tiny.plan();
    expect(outcomes(second)).toEqual([
      [STORAGE, "no changes"],
      [COMPUTE, "1 created"],
    ]);
    const { serial, lineage } = state(STORAGE);
    expect(binding(STORAGE)).toMatchObject({
      ...SOURCE,
      stack: STORAGE,
      state: { serial, lineage },
      reads: {},
    });
    const reads = { [STORAGE]: { serial, lineage, outputs: { name: valueDigest("one") } } };
    const bound = binding(COMPUTE);
    expect(bound).toMatchObject({
      stack: COMPUTE,
      errored: false,
      reads,
      terraform: expect.stringMatching(/^1\./),
    });
    expect(bound.plan).toBe(await fileDigest(join(tiny.out, COMPUTE, "terraform.plan")));
    expect(Object.keys(bound.synthesis)).toEqual(["cdk.tf.json"]);

    // one alone, with the state of the other, which is not planned
    expect(outcomes(await tiny.plan([COMPUTE]))).toEqual([[COMPUTE, "1 created"]]);
    expect(binding(COMPUTE).reads).toEqual(reads);
    expect(await tiny.apply(COMPUTE)).toMatchObject({ code: 0 });
    expect(textOf(await tiny.plan())).toBe("## Plan of local: no changes\n");
  });

  test("a state is read alone, also where its resources are of a provider", async () => {
    tiny.write(storage(), compute());
    await tiny.plan();
    await tiny.apply(STORAGE);
    const file = join(tiny.folder, `${STORAGE}.tfstate`);
    const queue = {
      mode: "managed",
      type: "aws_sqs_queue",
      name: "inputs",
      provider: 'provider["registry.terraform.io/hashicorp/aws"]',
      instances: [{ schema_version: 0, attributes: { id: "inputs" } }],
    };
    const before = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...before, resources: [...before.resources, queue] }));
    expect(outcomes(await tiny.plan([COMPUTE]))).toEqual([[COMPUTE, "1 created"]]);
  });

  test("the reader of an output that is to come waits, and of one that changes is named", async () => {
    tiny.write(storage(), compute());
    await tiny.plan();
    await tiny.apply(STORAGE);
    const more = { ...storage({ kept: "two" }) } as { output: Record<string, unknown> };
    const later = { ...more, output: { ...more.output, later: { value: "x" } } };
    tiny.write(later, compute(["name", "later"]));
    expect(outcomes(await tiny.plan())).toEqual([
      [STORAGE, "1 changed, 2 outputs changed"],
      [COMPUTE, `cannot be planned until these are applied: ${STORAGE} (lacks later)`],
    ]);
    tiny.write(later, compute());
    expect(textOf(await tiny.plan())).toContain("| `local-storage` | `name` | `local-compute` |");
  });

  test("a plan that a guard makes fail is told with its changes and with what refuses it", async () => {
    tiny.write(storage({ guarded: true }), compute());
    await tiny.plan();
    await tiny.apply(STORAGE);
    tiny.write(storage({ guarded: true, replacedBy: "second" }), compute());
    const plans = await tiny.plan();
    expect(outcomes(plans)[0]).toEqual([
      STORAGE,
      "refused by Terraform (Instance cannot be destroyed): 1 replaced",
    ]);
    expect(binding(STORAGE).errored).toBe(true);
    const text = textOf(plans);
    expect(text).toContain("Resource terraform_data.kept has lifecycle.prevent_destroy set");
    expect(text).toContain(
      "| `local-storage` | `terraform_data.kept` | `triggers_replace`: `first` → `second` |",
    );
  });

  test("a secret of another stack is not told, though no plan marks it there", async () => {
    tiny.write(storage(), compute());
    await tiny.plan();
    await tiny.apply(STORAGE);
    tiny.write(storage(), compute(["name", "password"]));
    await tiny.plan();
    await tiny.apply(COMPUTE);
    const changed = {
      resource: {
        terraform_data: {
          password: { input: `of ${expression("data.terraform_remote_state.storage.outputs.password")}` },
        },
      },
    };
    tiny.write(storage(), changed);
    const text = textOf(await tiny.plan());
    expect(readFileSync(join(tiny.out, COMPUTE, "plan.json"), "utf8")).toContain("of hush-hush");
    expect(text).toContain("| `input` | `(secret)` | `of (secret)` |");
    expect(text).not.toContain("hush");
  });

  test("a state that moves while its reader is planned binds no plan", async () => {
    tiny.write(storage(), compute());
    await tiny.plan();
    await tiny.apply(STORAGE);
    const file = join(tiny.folder, `${STORAGE}.tfstate`);
    const move = (line: string) => {
      if (line !== `${COMPUTE}: being planned`) return;
      writeFileSync(file, readFileSync(file, "utf8").replaceAll('"one"', '"two"'));
    };
    await expect(tiny.plan(undefined, move)).rejects.toThrow(
      `${STORAGE} was applied while ${COMPUTE} was planned (its name changed): plan again`,
    );
    expect(existsSync(join(tiny.out, COMPUTE, "binding.json"))).toBe(false);
  });

  test("what is wrong with a stack is told before it is planned", async () => {
    tiny.write({ resource: { terraform_data: { kept: { inputs: 1 } } } }, compute());
    const plan = (await tiny.plan()).get(STORAGE);
    expect(plan?.diagnostics).toMatchObject([{ severity: "error", summary: "terraform validate failed" }]);
    expect(plan?.diagnostics[0]?.detail).toContain('No argument or block type is named "inputs".');
  });

  test("the same synthesis has the same digests; of another the file that differs is named", async () => {
    tiny.write(storage(), compute());
    await tiny.plan([STORAGE]);
    const before = binding(STORAGE).synthesis;
    await tiny.plan([STORAGE]);
    expect(differingFiles(before, binding(STORAGE).synthesis)).toEqual([]);
    writeFileSync(join(tiny.synthesized, "stacks", STORAGE, "job.zip"), "new");
    await tiny.plan([STORAGE]);
    expect(differingFiles(before, binding(STORAGE).synthesis)).toEqual(["job.zip"]);
  });

  test("a folder with other files is left alone", () => {
    tiny.write(storage(), compute());
    expect(() => takeSynthesis(tiny.synthesized, tiny.folder)).toThrow("has files that are no plans");
    expect(existsSync(tiny.synthesized)).toBe(true);
  });
});
