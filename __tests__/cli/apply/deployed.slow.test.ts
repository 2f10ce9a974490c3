import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { planDeploy } from "../../../cli/apply/deployed";
import type { State } from "../../../cli/removal/states";
import { type Layer, loadEnvironment, loadPlanPolicy } from "../../../environments/schema";
import { ensureTerraform } from "../../../setup/terraform";
import { COMPUTE, compute, STORAGE, storage, TinyStacks } from "../plan/tiny-stacks";

const POLICY = { ...loadPlanPolicy("local"), resourcesDestroyed: { level: "deny", above: 0 } } as const;

describe("a deploy of what is there", () => {
  const tiny = new TinyStacks();
  beforeAll(async () => {
    tiny.write(storage(), compute());
    await tiny.plan();
    await tiny.applyPlans({ ask: async () => true });
  });
  afterAll(() => tiny.remove());

  const planned = async (lines: string[] = []) => {
    const { environment: terraform } = await ensureTerraform(() => undefined);
    const deployed: State = { resources: [], outputs: new Set(["name", "password"]) };
    return planDeploy({
      environment: loadEnvironment("local"),
      policy: POLICY,
      permit: { allowDestroy: [], deletionGuard: false, wayOut: "--discard" },
      states: new Map<Layer, State>([
        ["storage", deployed],
        ["compute", { resources: [], outputs: new Set() }],
      ]),
      output: tiny.synthesized,
      variables: { ...process.env, ...terraform },
      report: (line) => lines.push(line),
    });
  };

  test("is refused for what the policy denies of all its stacks together", async () => {
    tiny.write(storage({ replacedBy: "second" }), {});
    const { refusals } = await planned();
    expect(refusals).toEqual([
      expect.stringMatching(
        /^2 resources are destroyed or replaced, more than 0, which resourcesDestroyed in /,
      ),
    ]);
    expect([tiny.kept(STORAGE), tiny.kept(COMPUTE)]).toEqual(["one", "one"]);
  });

  test("is not refused for changes that nothing denies, and says what cannot be planned yet", async () => {
    tiny.write(storage({ kept: "two" }), compute(["name", "later"]));
    const lines: string[] = [];
    expect(await planned(lines)).toEqual({ refusals: [], unchanged: [] });
    expect(lines).toEqual([
      expect.stringContaining("not planned before, as what it reads is not deployed: compute: "),
      `${STORAGE}: 1 changed, 1 output changed`,
    ]);
  });

  test("leaves out stacks of which nothing changes, but where others may read what changes", async () => {
    const reader = { resource: { terraform_data: { name: { input: "one" } } } };
    tiny.write(storage(), reader);
    expect(await planned()).toEqual({ refusals: [], unchanged: [STORAGE, COMPUTE] });
    tiny.write(storage(), { resource: { terraform_data: { name: { input: "two" } } } });
    expect(await planned()).toEqual({ refusals: [], unchanged: [STORAGE] });
    tiny.write(storage({ kept: "two" }), reader);
    expect(await planned()).toEqual({ refusals: [], unchanged: [] });
  });
});
