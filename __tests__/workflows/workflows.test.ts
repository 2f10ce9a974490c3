import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { environmentNames } from "../../environments/schema";
import { ROOT } from "../../setup/paths";
import { evaluated, FOLDER, type Job, textOf as text, workflow } from "./workflow";

const names = readdirSync(FOLDER);
const jobs = names.flatMap((name) =>
  Object.entries(workflow(name).jobs).map(([id, job]) => [`${name} ${id}`, job] as const),
);
const working = jobs.filter(([, { steps }]) => steps !== undefined);
const deployed = environmentNames().filter((each) => each !== "local");

/** Index of the step that gets an identity in an account; none in a job without one. */
const identity = ({ steps = [] }: Job) =>
  steps.findIndex(({ uses = "" }) => /configure-aws-credentials/.test(uses));
const uses = ({ steps = [] }: Job, action: string) =>
  steps.filter((step) => step.uses?.startsWith(`${action}@`));

describe.each(names)("%s", (name) => {
  test("pins each action by its commit, with the version beside it", () => {
    const used = [...text(name).matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used)
      expect(action).toMatch(
        /^(\.\/\.github\/workflows\/\w+\.yml|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/,
      );
  });

  test("gives no permission to all its jobs, and runs for no fork with secrets", () => {
    expect(workflow(name).permissions).toEqual({});
    expect(Object.keys(workflow(name).on)).not.toContain("pull_request_target");
  });

  test("puts nothing of an event into a script", () => {
    for (const { steps = [] } of Object.values(workflow(name).jobs))
      for (const { run = "" } of steps) expect(run).not.toContain("${{");
  });
});

test("one job writes to the repository, that of a release, which runs nothing of it", () => {
  const writing = jobs.filter(([, { permissions }]) => permissions?.["contents"] === "write");
  expect(writing.map(([name]) => name)).toEqual(["release.yml publish"]);
  for (const [, job] of writing) expect(uses(job, "actions/checkout")).toEqual([]);
});

test("all tests run with the history, from which one deploys the release before", () => {
  const all = working.filter(([, { steps = [] }]) => steps.some(({ run }) => run === ".ci/run"));
  expect(all.map(([name]) => name)).toEqual(["check.yml check"]);
  for (const [, job] of all)
    expect(uses(job, "actions/checkout").map((checkout) => checkout.with?.["fetch-depth"])).toEqual([0]);
});

describe.each(working)("%s", (_, job) => {
  const steps = job.steps ?? [];

  test("asks for an identity only to reach AWS, or to say where something comes from", () => {
    const attests = uses(job, "actions/attest-build-provenance").length > 0;
    expect(job.permissions?.["id-token"] === "write").toBe(identity(job) >= 0 || attests);
    expect(Object.keys(job.permissions ?? {}).length).toBeGreaterThan(0);
  });

  test("keeps no token in its checkout", () => {
    for (const checkout of uses(job, "actions/checkout"))
      expect(checkout.with?.["persist-credentials"]).toBe(false);
  });

  test("installs packages without running their scripts, and before it has an identity", () => {
    const installing = steps.flatMap(({ run = "" }, index) =>
      /\bnpm (ci|i|install)\b/.test(run) ? [index] : [],
    );
    for (const index of installing) {
      expect(steps[index]?.run).toMatch(/^npm ci --ignore-scripts( --omit=optional)?$/);
      if (identity(job) >= 0) expect(index).toBeLessThan(identity(job));
    }
  });

  test("has an identity only in a GitHub environment, which names the role", () => {
    if (identity(job) < 0) return;
    expect(job.environment).toBeDefined();
    expect(steps[identity(job)]?.with?.["role-to-assume"]).toMatch(
      /^\$\{\{ vars\.AWS_(PLAN|APPLY)_ROLE \}\}$/,
    );
  });
});

test("packages run no script where they are installed, here either", () => {
  expect(readFileSync(join(ROOT, ".npmrc"), "utf8")).toMatch(/^ignore-scripts=true$/m);
});

describe("plan", () => {
  const { synthesize, plan } = workflow("plan.yml").jobs as Record<"synthesize" | "plan", Job>;

  test("runs the code of a change where no identity is to be had", () => {
    expect(synthesize.permissions).toEqual({ contents: "read" });
    expect(synthesize.environment).toBeUndefined();
    const [base, change, ...more] = uses(plan, "actions/checkout").map((step) => step.with);
    expect(base).toMatchObject({ path: "base", ref: evaluated("github.event.pull_request.base.sha") });
    expect(change).toMatchObject({ path: "change", "sparse-checkout-cone-mode": false });
    expect(more).toEqual([]);
    // what is read of it, and no code
    expect(String(change?.["sparse-checkout"]).trim().split("\n")).toEqual([
      ".terraform.lock.hcl",
      "package-lock.json",
      "glue/requirements.lock",
      "glue/wheels.json",
    ]);
    const commands = (plan.steps ?? []).filter(({ run = "" }) => /\b(npm|npx|node|python)\b/.test(run));
    expect(commands.map((step) => step["working-directory"])).toEqual(["base", "base"]);
  });

  test("gives a fork nothing", () => {
    expect(synthesize.if).toBe("github.event.pull_request.head.repo.full_name == github.repository");
    expect(plan.needs).toBe("synthesize");
  });

  test("plans a pull request for dev alone", () => {
    expect(plan.environment).toBe("plan-dev");
    expect(workflow("plan.yml").on).toEqual({ pull_request: { branches: ["main"] } });
  });

  test("leaves no plan in an artifact, which whoever reads the repository could read", () => {
    for (const [, job] of jobs)
      for (const step of uses(job, "actions/upload-artifact"))
        expect(["cdktf.out", "release"]).toContain(step.with?.["path"]);
  });
});

test("no action fetches a Terraform whose checksum nobody compares", () => {
  for (const [, job] of jobs) expect(uses(job, "hashicorp/setup-terraform")).toEqual([]);
});

describe("apply", () => {
  const callers = workflow("apply.yml").jobs;
  const { plan, apply } = workflow("deploy.yml").jobs as Record<"plan" | "apply", Job>;

  test("takes the default branch alone", () => {
    const branch = "github.ref == format('refs/heads/{0}', github.event.repository.default_branch)";
    expect([plan.if, apply.needs]).toEqual([branch, "plan"]);
  });

  test("brings what is merged to every deployed environment, one behind the other", () => {
    const order = ["dev", "staging", "prod"];
    expect([...order].sort()).toEqual([...deployed].sort());
    expect(Object.values(callers).map((job) => job.with?.["environment"])).toEqual(order);
    expect(Object.values(callers).map(({ needs }) => needs)).toEqual([undefined, "dev", "staging"]);
    const { inputs } = workflow("apply.yml").on["workflow_dispatch"] as {
      inputs: { environment: { options: string[] } };
    };
    expect(inputs.environment.options).toEqual(order);
  });

  test("takes a pull request's plan for dev alone, which the role of a pull request plans", () => {
    expect(Object.values(callers).map((job) => job.with?.["unless-kept"])).toEqual([
      evaluated("github.event_name == 'push'"),
      undefined,
      undefined,
    ]);
  });

  test("is behind who reviews the environment, one at a time, and told which plans were approved", () => {
    expect(apply.environment).toBe(evaluated("inputs.environment"));
    expect(apply.concurrency).toEqual({
      group: `apply-${evaluated("inputs.environment")}`,
      "cancel-in-progress": false,
    });
    const [step] = (apply.steps ?? []).filter(({ env }) => env?.["KEPT"] !== undefined);
    expect(step?.env?.["KEPT"]).toBe(evaluated("needs.plan.outputs.kept"));
    expect(step?.run).toContain('--kept "$KEPT"');
  });

  test("makes and downloads what it applies before it has an identity", () => {
    const runs = (apply.steps ?? []).map(({ run = "" }) => run);
    const prepared = runs.findIndex((run) => /^npm run apply -- .* --prepare$/.test(run));
    const applied = runs.findIndex((run) => run.includes("--synthesized cdktf.out --kept"));
    expect(prepared).toBeGreaterThan(runs.indexOf("npm ci --ignore-scripts"));
    expect(prepared).toBeLessThan(identity(apply));
    expect(applied).toBeGreaterThan(identity(apply));
  });

  test("ends with a smoke test of what it deployed", () => {
    expect(apply.steps?.at(-1)?.run).toBe('npx tributary smoke --environment "$ENVIRONMENT" --yes');
  });
});

test("drift is looked for in every deployed environment, each night", () => {
  const { drift } = workflow("drift.yml").jobs;
  expect([...(drift?.strategy?.matrix["environment"] ?? [])].sort()).toEqual([...deployed].sort());
  expect(workflow("drift.yml").on["schedule"]).toEqual([
    { cron: expect.stringMatching(/^\d+ \d+ \* \* \*$/) },
  ]);
});
