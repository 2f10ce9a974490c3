import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { bundleArchive, handlerBundles } from "../../constructs/code/bundle";
import { DECLARED_FILE, type Declared } from "../../runtime/declared";
import { readMigrations } from "../../runtime/ledger/migrations/read-migrations";
import type { FunctionVariables } from "../../runtime/variables";
import { ROOT } from "../../setup/paths";

/** Bytes, minified, with the SDK clients: what keeps a cold start short. */
const LARGEST = 402_000;
/** Of those that a schedule keeps warm, and that reach five services. */
const LARGEST_SCHEDULED = 500_000;
const SCHEDULED = new Set(["control-plane", "manifests-reconciler"]);
/** Of those that speak to PostgreSQL: half of it are the certificates of Amazon's authorities for RDS. */
const LARGEST_WITH_AUTHORITIES = 450_000;

const TABLE = { UPLOADS_TABLE: "uploads", JOB_NAME: "uploads-job" };
const METRICS = { ENVIRONMENT: "test", METRIC_NAMESPACE: "Tributary" };
const TRACKING = { TRACKING_TABLE: "files", TRACKING_SHARDS: "16", S3_PATH_STYLE: "false", ...METRICS };

const LEDGER = {
  LEDGER_HOST: "libpq",
  LEDGER_PORT: "0",
  LEDGER_DATABASE: "tributary",
  LEDGER_AUTHENTICATION: "none",
  LEDGER_SECRET_ARN: "none",
  LEDGER_TLS: "disable",
} as const;

const VARIABLES: FunctionVariables = {
  "uploads-trigger": TABLE,
  "uploads-job-ended": { ...TABLE, ...METRICS, ALERT_SOURCE: "tributary.test" },
  "uploads-reconciler": {
    ...TABLE,
    ...METRICS,
    RAW_BUCKET: "raw",
    GRACE_SECONDS: "60",
    S3_PATH_STYLE: "false",
  },
  "manifests-builder": {
    ...TRACKING,
    MANIFESTS_BUCKET: "manifests",
    QUARANTINE_BUCKET: "quarantine",
    AUDIT_BUCKET: "none",
    MANIFEST_BYTES: "1000000000",
    MANIFEST_FILES: "1000",
    CLAIM_SECONDS: "240",
  },
  "control-plane": {
    ...TRACKING,
    METRICS_TABLE: "metrics",
    CONTROL_TABLE: "control",
    MANIFESTS_BUCKET: "manifests",
    JOB_NAME: "manifests-stream",
    WORKERS: "2",
    DATABASE: "tributary_test",
    ALERT_SOURCE: "tributary.test",
  },
  "manifests-reconciler": {
    ...TRACKING,
    CONTROL_TABLE: "control",
    RAW_BUCKET: "raw",
    MANIFESTS_BUCKET: "manifests",
    CURATED_BUCKET: "curated",
    INPUTS_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/000000000000/inputs",
    MANIFESTS_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/000000000000/manifests",
    CONTROL_PLANE: "control-plane",
    GRACE_SECONDS: "1800",
  },
  "declared-columns": { DATABASE: "tributary_test", CONTROL_TABLE: "control" },
  "ledger-migrator": { ...LEDGER, LOGIN_AUTHENTICATION: "none" },
  "ledger-registrar": {
    ...LEDGER,
    ...METRICS,
    START_YEAR: "2021",
  },
  "ledger-operator": { ...LEDGER, ...METRICS },
  "ledger-starter": { JOB_NAME: "ledger-batch" },
  "untaken-objects": {
    ...METRICS,
    RAW_BUCKET: "raw",
    S3_PATH_STYLE: "false",
  },
  "lake-audit": { CURATED_BUCKET: "curated", S3_PATH_STYLE: "false", AUDITED_JOBS: "[]" },
  "alert-forwarder": { PAGER_SECRETS: "[]" },
};

const DECLARED: Declared = {
  "uploads-reconciler": { prefixes: ["input/"] },
  "manifests-builder": { datasets: [] },
  "manifests-reconciler": { datasets: [] },
  "ledger-registrar": { prefixes: { ml_events: "raw-json-data/" } },
  "untaken-objects": { taken: ["input/orders/"], looked: [""] },
};

describe.each(Object.entries(VARIABLES))("the bundle of %s", (name, variables) => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tributary-bundle-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("stays below its limit", () => {
    expect(handlerBundles().get(name)?.byteLength).toBeLessThanOrEqual(largest(name, variables));
  });

  test("loads on its own and exports the handler", () => {
    const file = join(folder, "index.js");
    writeFileSync(file, handlerBundles().get(name) ?? "");
    const program = `process.stdout.write(typeof require(${JSON.stringify(file)}).handler)`;
    const known = Object.entries(DECLARED).find(([each]) => each === name)?.[1];
    if (known !== undefined) writeFileSync(join(folder, DECLARED_FILE), JSON.stringify(known));
    const env = { ...variables, AWS_REGION: "us-east-1", LAMBDA_TASK_ROOT: folder };
    expect(
      execFileSync(process.execPath, ["-e", program], { env, cwd: folder, stdio: "pipe" }).toString(),
    ).toBe("function");
  });
});

describe("the archive of ledger-migrator", () => {
  test("has every migration, so that another one is another archive, which migrates", () => {
    const archive = readFileSync(bundleArchive("ledger-migrator"));
    const migrations = readMigrations(join(ROOT, "runtime", "ledger", "migrations", "sql"));
    expect(migrations.filter(({ file }) => !archive.includes(`sql/${file}`))).toEqual([]);
  });
});

describe("the archive of a function that is to know datasets", () => {
  const archiveOf = (...prefixes: string[]) =>
    readFileSync(bundleArchive("uploads-reconciler", { prefixes }));

  test("has them in a file, so that other declarations are another archive, which a deploy carries", () => {
    expect(archiveOf("input/a/").includes(`${DECLARED_FILE}{"prefixes":["input/a/"]}`)).toBe(true);
    expect(archiveOf("input/a/").equals(archiveOf("input/a/", "input/b/"))).toBe(false);
    expect(archiveOf("input/a/").equals(archiveOf("input/a/"))).toBe(true);
  });
});

function largest(name: string, variables: object): number {
  if ("LEDGER_HOST" in variables) return LARGEST_WITH_AUTHORITIES;
  return SCHEDULED.has(name) ? LARGEST_SCHEDULED : LARGEST;
}
