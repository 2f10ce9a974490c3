import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { safeLoad } from "js-yaml";
import { environmentNames, LAYERS } from "../../environments/schema";
import { ROOT } from "../../setup/paths";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly if?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = join(ROOT, ".github", "workflows");
const text = (name: string) => readFileSync(join(FOLDER, name), "utf8");
const workflow = (name: string) => safeLoad(text(name)) as Workflow;
const names = readdirSync(FOLDER);
const jobs = names.flatMap((name) =>
  Object.entries(workflow(name).jobs).map(([id, job]) => [`${name} ${id}`, job] as const),
);

/** Index of the step that gets an identity in an account; none in a job without one. */
const identity = ({ steps }: Job) =>
  steps.findIndex(({ uses = "" }) => /configure-aws-credentials/.test(uses));
const uses = ({ steps }: Job, action: string) => steps.filter((step) => step.uses?.startsWith(`${action}@`));

describe.each(names)("%s", (name) => {
  test("pins each action by its commit, with the version beside it", () => {
    const used = [...text(name).matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("gives no permission to all its jobs, and runs for no fork with secrets", () => {
    expect(workflow(name).permissions).toEqual({});
    expect(Object.keys(workflow(name).on)).not.toContain("pull_request_target");
  });

  test("puts nothing of an event into a script", () => {
    for (const { steps } of Object.values(workflow(name).jobs))
      for (const { run = "" } of steps) expect(run).not.toContain("${{");
  });
});

describe.each(jobs)("%s", (_, job) => {
  test("writes nothing to the repository, and asks for an identity only to reach AWS", () => {
    expect(["read", undefined]).toContain(job.permissions?.["contents"]);
    expect(job.permissions?.["id-token"] === "write").toBe(identity(job) >= 0);
    expect(Object.keys(job.permissions ?? {}).length).toBeGreaterThan(0);
  });

  test("keeps no token in its checkout", () => {
    for (const checkout of uses(job, "actions/checkout"))
      expect(checkout.with?.["persist-credentials"]).toBe(false);
  });

  test("installs packages without running their scripts, and before it has an identity", () => {
    const installing = job.steps.flatMap(({ run = "" }, index) =>
      /\bnpm (ci|i|install)\b/.test(run) ? [index] : [],
    );
    for (const index of installing) {
      expect(job.steps[index]?.run).toBe("npm ci --ignore-scripts");
      if (identity(job) >= 0) expect(index).toBeLessThan(identity(job));
    }
  });

  test("has an identity only in a GitHub environment, which names the role", () => {
    if (identity(job) < 0) return;
    expect(job.environment).toBeDefined();
    expect(job.steps[identity(job)]?.with?.["role-to-assume"]).toMatch(
      /^\$\{\{ vars\.AWS_(PLAN|APPLY)_ROLE \}\}$/,
    );
  });
});

test("packages run no script where they are installed, here either", () => {
  expect(readFileSync(join(ROOT, ".npmrc"), "utf8")).toMatch(/^ignore-scripts=true$/m);
});

describe("plan", () => {
  const { synthesize, plan } = workflow("plan.yml").jobs as Record<"synthesize" | "plan", Job>;
  const source = text("plan.yml");

  test("runs the code of a change where no identity is to be had", () => {
    expect(synthesize.permissions).toEqual({ contents: "read" });
    expect(synthesize.environment).toBeUndefined();
    expect(uses(plan, "actions/checkout")).toEqual([]);
    expect(plan.steps.map(({ run = "" }) => run).join()).not.toMatch(/\bnp[mx]\b|\bnode\b|python/);
  });

  test("gives a fork nothing", () => {
    expect(synthesize.if).toContain("github.event.pull_request.head.repo.full_name == github.repository");
    expect(source).toContain("needs: synthesize");
  });

  test("plans a pull request for dev alone, and what is merged for the others", () => {
    const [, merged = "", proposed = ""] =
      /environment: \$\{\{ fromJSON\(github\.event_name == 'push' && '(.*)' \|\| '(.*)'\) \}\}/.exec(
        source,
      ) ?? [];
    const others = environmentNames().filter((each) => !["local", "dev"].includes(each));
    expect(JSON.parse(merged).sort()).toEqual([...others].sort());
    expect(JSON.parse(proposed)).toEqual(["dev"]);
    expect(workflow("plan.yml").on).toEqual({
      pull_request: { branches: ["main"] },
      push: { branches: ["main"] },
    });
    expect(plan.environment).toMatch(/^plan-\$\{\{ matrix\.environment \}\}$/);
  });

  test("shows the layers in the order of their dependencies, with the provider that is pinned", () => {
    expect(source).toContain(`for layer in ${LAYERS.join(" ")}; do`);
    expect(source).toContain("init -input=false -no-color -lockfile=readonly");
    expect(uses(synthesize, "actions/upload-artifact")[0]?.with?.["include-hidden-files"]).toBe(true);
  });
});

describe("apply", () => {
  const { apply } = workflow("apply.yml").jobs as Record<"apply", Job>;

  test("takes the default branch alone", () => {
    expect(apply.if).toBe("github.ref == format('refs/heads/{0}', github.event.repository.default_branch)");
  });

  test("makes and downloads what it applies before it has an identity", () => {
    const runs = apply.steps.map(({ run = "" }) => run);
    const prepared = runs.findIndex((run) => /^npm run deploy -- .* --prepare$/.test(run));
    const deployed = runs.findIndex((run) => /^npm run deploy -- .* -- --skip-synth$/.test(run));
    expect(prepared).toBeGreaterThan(runs.indexOf("npm ci --ignore-scripts"));
    expect(prepared).toBeLessThan(identity(apply));
    expect(deployed).toBeGreaterThan(identity(apply));
  });

  test("knows every deployed environment", () => {
    const deployed = environmentNames().filter((each) => each !== "local");
    const { inputs } = workflow("apply.yml").on["workflow_dispatch"] as {
      inputs: { environment: { options: string[] } };
    };
    expect([...inputs.environment.options].sort()).toEqual([...deployed].sort());
  });
});
