import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { refusalsToDeploy } from "../../../cli/apply/deployed";
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

  const refusals = async (lines: string[] = []) => {
    const { environment: terraform } = await ensureTerraform(() => undefined);
    const deployed: State = { resources: [], outputs: new Set(["name", "password"]) };
    return refusalsToDeploy({
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
    expect(await refusals()).toEqual([
      expect.stringMatching(
        /^2 resources are destroyed or replaced, more than 0, which resourcesDestroyed in /,
      ),
    ]);
    expect([tiny.kept(STORAGE), tiny.kept(COMPUTE)]).toEqual(["one", "one"]);
  });

  test("is not for changes that nothing denies, and says what cannot be judged yet", async () => {
    tiny.write(storage({ kept: "two" }), compute(["name", "later"]));
    const lines: string[] = [];
    expect(await refusals(lines)).toEqual([]);
    expect(lines).toEqual([
      expect.stringContaining("not held against the policy, as what it reads is not deployed: compute: "),
    ]);
  });
});
