/** Schema of an environment: every setting with its unit, range, default and one sentence. */
import { z } from "zod";
import { expectedAt } from "../../runtime/expected";
import { GLUE_VERSIONS } from "../../runtime/glue-versions";
import { fileLimits } from "./file-limits";
import { functions } from "./functions";
import { iam } from "./iam";
import { choice, flag, list, numberChoice, text, whole } from "./kinds";
import { ledger } from "./ledger";
import { manifests } from "./manifests";
import { network } from "./network";
import { PIPELINES } from "./pipelines";
import { EnvironmentsError, problemsOf } from "./problems";
import { valueAt } from "./rule";
import { brokenRules } from "./rules";
import { storage } from "./storage";
import { uploads } from "./uploads";
import { usage } from "./usage";
import { profiles, type Workers, workersAt } from "./workers";

/** Address of anybody but those whose domain is reserved for examples, by RFC 2606. */
const E_MAIL =
  /^[^@\s]+@(?!(.+\.)?example\.(com|net|org)$)(?!.+\.(example|test|invalid|localhost)$)[^@\s]+\.[^@\s]+$/i;
const WORD = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

const glue = z.strictObject({
  version: choice(Object.keys(GLUE_VERSIONS) as (keyof typeof GLUE_VERSIONS)[], {
    description: "Glue version of the jobs.",
  }).default("5.0"),
  dependencies: choice(["artifacts", "preinstalled"], {
    description:
      "`artifacts`: the locked wheels are uploaded to the artifacts bucket and installed without an index; `preinstalled`: the workers have them.",
  }).default("artifacts"),
  profiles: profiles.default({}),
});

const logs = z.strictObject({
  retentionDays: numberChoice(
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653],
    "days",
    {
      description: "How long log events are kept.",
    },
  ).default(30),
});

const alerts = z.strictObject({
  emails: list(
    text(E_MAIL, "an address of yours, such as name@your-company.com, and none of example.com", {
      description: "",
    }),
    0,
    20,
    {
      description: "Who gets the alerts; each address must confirm once.",
    },
  ).default([]),
  pagerSecrets: list(
    text(/^[\w/+=.@-]{1,512}$/, "the name of a secret, not an address", {
      description: "",
    }),
    0,
    20,
    {
      description:
        "Names of secrets in Secrets Manager that hold the HTTPS addresses of pager services, which get the alerts: such an address has a key in it, so it stands neither here nor in the state. The secrets are encrypted by AWS's own key.",
    },
  ).default([]),
  oldestPendingMinutes: whole(5, 2880, "min", {
    description: "An upload that waits longer than this raises an alarm.",
  }).default(60),
});

const datasets = z.strictObject({
  leftOut: list(
    text(/^[a-z][a-z0-9_]{0,62}$/, "the name of a dataset", {
      description: "",
    }),
    0,
    1000,
    {
      description:
        "Datasets whose pipeline `pipelines` leaves off: nobody takes their files here. One that is not named fails the synthesis.",
    },
  ).default([]),
});

const budget = z.strictObject({
  monthlyDollars: whole(1, 1_000_000, "USD", {
    description:
      "Monthly cost limit of the resources that carry this environment's tag `deployment`, which the account's owner activates once for cost allocation; alerts at 80 % forecast and at 100 %.",
  }),
});

/** All settings of one environment, as its file gives them. */
export const settings = z.strictObject({
  project: text(
    /^(?=.{2,16}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    "2 to 16 lower-case letters, digits and single hyphens",
    {
      description: "First part of every name.",
    },
  ).default("tributary"),
  account: text(/^\d{12}$/, "the account's 12 digits", {
    description: "The account this environment lives in; the provider refuses any other.",
  }),
  region: text(
    /^(?!cn-|us-gov-|us-iso)[a-z]{2}(-[a-z]+)+-\d$/,
    "a region of the partition aws such as us-east-1",
    {
      description: "The region this environment lives in.",
    },
  ),
  tags: z
    .record(z.string(), text(/^[^\n]{1,256}$/, "text of 1 to 256 characters", { description: "" }))
    .meta({
      description:
        "Tags of every resource, beside `project`, `environment`, `deployment`, `layer` and `managed-by`.",
    })
    .default({}),
  deployers: list(
    text(
      /^(?![/*])[\w+=,.@/*-]{1,512}$/,
      "the role's name with its path and without role/, `*` for any part, such as tributary-prod.apply",
      { description: "" },
    ),
    0,
    10,
    {
      description:
        "Roles that deploy: beside the account's owner they alone write and delete the code of jobs and functions. Empty: all may whose policies let them, but the environment's own roles.",
    },
  ).default([]),
  iam: iam.prefault({}),
  deletionGuard: flag({
    description:
      "Guards what holds data: Terraform refuses to destroy it, and the service's own deletion protection is on.",
  }).default(true),
  pipelines: list(choice(PIPELINES, { description: "" }), 1, PIPELINES.length, {
    description:
      "Pipelines that this environment has; of the others nothing is deployed, and nothing costs. docs/costs.md has the floor of each, docs/operations.md how one is switched off.",
  }).default([...PIPELINES]),
  datasets: datasets.prefault({}),
  network,
  storage: storage.prefault({}),
  ledger: ledger.prefault({}),
  uploads: uploads.prefault({}),
  manifests: manifests.prefault({}),
  fileLimits: fileLimits.prefault({}),
  glue: glue.prefault({}),
  functions: functions.prefault({}),
  logs: logs.prefault({}),
  alerts: alerts.prefault({}),
  usage: usage.prefault({}),
  budget,
});

/** Settings as an environment's file has them: defaults may be left out. */
export type EnvironmentSettings = z.input<typeof settings>;

/** Settings that fit their schema, with its defaults. */
type Settings = z.output<typeof settings>;

/** Checked environment: every default filled in, the workers of its jobs as profiles have them, and its name. */
export type Environment = Settings & {
  readonly name: string;
  readonly uploads: { readonly workers: Workers };
  readonly manifests: { readonly workers: Workers };
  readonly ledger: { readonly batch: { readonly workers: Workers } };
};

/**
 * Checks one environment.
 * @throws EnvironmentsError with all its problems
 */
export function parseEnvironment(name: string, data: unknown): Environment {
  const parsed = settings.safeParse(data, { reportInput: true });
  const problems: string[] = [
    ...nameProblems(name),
    ...(parsed.success ? [] : problemsOf(name, settings, parsed.error.issues)),
    ...(parsed.success
      ? brokenRules(name, parsed.data)
      : brokenRules(name, data, { schema: settings, issues: parsed.error.issues })),
  ];
  if (problems.length > 0 || !parsed.success) throw new EnvironmentsError(problems);
  return { ...withWorkers(parsed.data), name };
}

function withWorkers(data: Settings): Omit<Environment, "name"> {
  const workers = (path: string) => workersAt((each) => valueAt(data, each), path);
  const { uploads, manifests, ledger } = data;
  const batch = { ...ledger.batch, workers: workers("ledger.batch.workers") };
  return {
    ...data,
    uploads: { ...uploads, workers: workers("uploads.workers") },
    manifests: { ...manifests, workers: workers("manifests.workers") },
    ledger: { ...ledger, batch },
  };
}

function nameProblems(name: string): string[] {
  if (WORD.test(name) && name.length <= 12) return [];
  const wanted = "a name of up to 12 lower-case letters, digits and single hyphens";
  return [expectedAt("environments/files.ts", wanted, name)];
}
