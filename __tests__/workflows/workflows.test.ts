import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { safeLoad } from "js-yaml";
import { environmentNames, LAYERS } from "../../environments/schema";
import { ROOT } from "../../setup/paths";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
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

const TERRAFORM_ARCHIVE = "terraform";

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
    const [checkout, ...more] = uses(plan, "actions/checkout");
    expect(more).toEqual([]);
    expect(checkout?.with).toMatchObject({
      path: "pinned",
      "sparse-checkout": ".terraform.lock.hcl",
      "sparse-checkout-cone-mode": false,
    });
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
    const commands = plan.steps.map(({ run = "" }) => run).join("\n");
    const pinned = commands.indexOf('cp pinned/.terraform.lock.hcl "$folder/"');
    expect(pinned).toBeGreaterThan(0);
    expect(pinned).toBeLessThan(commands.indexOf("init -input=false -no-color -lockfile=readonly"));
  });

  test.each([
    ["its archive", TERRAFORM_ARCHIVE, 0],
    ["another archive", "other", 1],
  ])("takes Terraform by its checksum, before it has an identity: %s", (_, archive, code) => {
    const index = plan.steps.findIndex(({ env }) => env?.["SHA256"] !== undefined);
    expect(index).toBeLessThan(identity(plan));
    const { run = "", env = {} } = plan.steps[index] ?? {};
    const known = readFileSync(join(ROOT, "setup", "terraform.ts"), "utf8");
    expect(known).toContain(`linux_amd64: "${env["SHA256"]}"`);
    expect(known).toContain(`PINNED = "${env["VERSION"]}"`);
    const folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
    const [bin, path] = [join(folder, "bin"), join(folder, "path")];
    mkdirSync(bin);
    const program = (name: string, body: string) =>
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    program("curl", `printf %s '${archive}' > terraform.zip`);
    program("unzip", "mkdir terraform");
    const SHA256 = createHash("sha256").update(TERRAFORM_ARCHIVE).digest("hex");
    const { status } = spawnSync("bash", ["-e", "-c", run], {
      env: { ...env, SHA256, PATH: `${bin}:${process.env["PATH"]}`, RUNNER_TEMP: folder, GITHUB_PATH: path },
    });
    const isTaken = existsSync(path);
    rmSync(folder, { recursive: true });
    expect([status, isTaken]).toEqual([code, code === 0]);
  });
});

test("no action fetches a Terraform whose checksum nobody compares", () => {
  for (const [, job] of jobs) expect(uses(job, "hashicorp/setup-terraform")).toEqual([]);
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

  test("ends with a smoke test of what it deployed", () => {
    expect(apply.steps.at(-1)?.run).toBe('npx tributary smoke --environment "$ENVIRONMENT" --yes');
  });

  test("knows every deployed environment", () => {
    const deployed = environmentNames().filter((each) => each !== "local");
    const { inputs } = workflow("apply.yml").on["workflow_dispatch"] as {
      inputs: { environment: { options: string[] } };
    };
    expect([...inputs.environment.options].sort()).toEqual([...deployed].sort());
  });
});
