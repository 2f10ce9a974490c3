import { join } from "node:path";
import { CreatePolicyVersionCommand, IAMClient } from "@aws-sdk/client-iam";
import { describe, expect, test } from "@jest/globals";
import { accessPolicies } from "../../cli/access/access";
import { policyText } from "../../cli/access/statement";
import { accessName, LAYERS, type Layer, PIPELINES, stackName } from "../../environments/schema";
import { clientsOf } from "../../local/platform/clients";
import { environment, giveAccess, type TestPlatform, workflowVariables } from "../support/local-platform";
import { type Outcome, outcomeOf } from "../support/outcome";
import { CHANGED, changeSettings } from "./changed-settings";
import { smokeObjects, smokeTest } from "./smoke";

/** What the workflows' roles may and may not do, once one of them has deployed the environment. */
export function limitWorkflows(platform: () => TestPlatform): void {
  describe("the role of the workflow that plans", () => {
    test("reads all that a plan asks for", async () => {
      const plans = await Promise.all(
        LAYERS.map((layer) => terraform(platform(), "plan", layer, ["plan", "-lock=false"])),
      );
      for (const { code, stdout, stderr } of plans) {
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(stdout).toContain("No changes. Your infrastructure matches the configuration.");
      }
    });

    test("has no permission that a plan could do without, in a sample", async () => {
      // of resources that do not depend on each other, so that Terraform tells of all
      const sample = ["cloudwatch:GetDashboard", "events:DescribeRule", "sns:GetTopicAttributes"];
      await without(platform(), "reads-services", sample, async () => {
        const { code, stderr } = await terraform(platform(), "plan", "observability", [
          "plan",
          "-lock=false",
        ]);
        expect([code, deniedActions(stderr)]).toEqual([1, sample]);
      });
    });
  });

  describe("a change of settings", () => {
    test("is planned by the one workflow's role and made by the other's, and so is the way back", async () => {
      const { target, undo } = changeSettings(platform());
      try {
        const words = ["plan", "-lock=false", target];
        const { code, stdout, stderr } = await terraform(platform(), "plan", "compute", words);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        for (const type of CHANGED)
          expect(stdout).toMatch(new RegExp(`# ${type}\\..* will be updated in-place`));
        const [, changes] = /Plan: 0 to add, (\d+) to change, 0 to destroy/.exec(stdout) ?? [];
        expect(await applied(platform(), target)).toBe(`0 added, ${changes} changed, 0 destroyed`);
        undo();
        expect(await applied(platform(), target)).toBe(`0 added, ${changes} changed, 0 destroyed`);
      } finally {
        undo();
      }
    });
  });

  describe("the role of the workflow that deploys", () => {
    test("has no permission that a deploy could do without, in a sample", async () => {
      const sample = ["cloudwatch:DeleteDashboards"];
      const words = ["apply", "-auto-approve", `-replace=${DASHBOARD}`, `-target=${DASHBOARD}`];
      await without(platform(), "writes-observability", sample, async () => {
        const { code, stderr } = await terraform(platform(), "apply", "observability", words);
        expect([code, deniedActions(stderr)]).toEqual([1, sample]);
      });
    });
  });
}

/** Smoke tests by the role of the workflow that deploys. */
export function smokeTestAsWorkflow(platform: () => TestPlatform): void {
  describe("a smoke test by the role of the workflow that deploys", () => {
    const asWorkflow = async ({ aws }: TestPlatform) =>
      smokeTest({ ...aws.environment, ...(await workflowVariables(aws, "apply")) });

    test("needs the permission to send a file", async () => {
      await without(platform(), "writes-smoke", ["s3:PutObject"], async () => {
        const { code, problems } = await asWorkflow(platform());
        const denied = expect.stringMatching(/not authorized to perform: s3:PutObject/);
        expect(problems).toEqual(Object.fromEntries(PIPELINES.map((pipeline) => [pipeline, [denied]])));
        expect(code).toBe(1);
      });
    });

    test("passes, and leaves nothing", async () => {
      const { problems, ...result } = await asWorkflow(platform());
      expect(Object.values(problems).flat()).toEqual([]);
      expect(result).toMatchObject({ code: 0, passed: true });
      expect(await smokeObjects(platform().s3)).toEqual([]);
    });
  });
}

const DASHBOARD = "aws_cloudwatch_dashboard.dashboard";

/** Applies the stack compute by the role of the workflow that deploys; returns what that changed. */
async function applied(platform: TestPlatform, target: string): Promise<string | undefined> {
  const words = ["apply", "-auto-approve", target];
  const { code, stdout, stderr } = await terraform(platform, "apply", "compute", words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return /Apply complete! Resources: (.*)\./.exec(stdout)?.[1];
}

/** Runs Terraform on a stack that is there, as a workflow does. */
async function terraform(
  { aws, output, variables }: TestPlatform,
  workflow: "plan" | "apply",
  layer: Layer,
  words: readonly string[],
): Promise<Outcome> {
  const folder = join(output, "cdktf.out", "stacks", stackName(environment, layer));
  // as a deploy has it: the provider's large schema is read in each command
  const all = { GOGC: "400", ...variables, ...(await workflowVariables(aws, workflow)) };
  return outcomeOf(["terraform", ...words, "-input=false", "-no-color"], folder, all);
}

/** Actions that Terraform's errors say were denied. */
function deniedActions(errors: string): string[] {
  const found = errors.replaceAll(/[\s│]+/g, " ").matchAll(/not authorized to perform: (\w+:\w+)/g);
  return [...new Set([...found].map(([, action = ""]) => action))].sort();
}

/** Takes actions out of a policy while `work` is done. */
async function without(
  platform: TestPlatform,
  name: string,
  actions: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const policy = accessPolicies(environment).find((each) => each.name === accessName(environment, name));
  const less = (policy?.statements ?? []).map(({ Action = [], ...statement }) => ({
    ...statement,
    Action: Action.filter((action) => !actions.includes(action)),
  }));
  await new IAMClient(clientsOf(platform.aws).settings).send(
    new CreatePolicyVersionCommand({
      PolicyArn: policy?.arn,
      PolicyDocument: policyText(less.filter(({ Action }) => Action.length > 0)),
      SetAsDefault: true,
    }),
  );
  try {
    await work();
  } finally {
    await giveAccess(platform.aws);
  }
}
