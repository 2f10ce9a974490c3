import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { handlerBundles } from "../../constructs/bundle";
import type { FunctionVariables } from "../../handlers/shared/variables";

/** Bytes, minified, with the SDK clients: what keeps a cold start short. */
const LARGEST = 400_000;

const TABLE = { UPLOADS_TABLE: "uploads", JOB_NAME: "csv-uploads" };
const METRICS = { ENVIRONMENT: "test", METRIC_NAMESPACE: "Tributary" };

const VARIABLES: FunctionVariables = {
  "csv-trigger": TABLE,
  "job-ended": { ...TABLE, ...METRICS, ALERT_SOURCE: "tributary.test" },
  reconciler: {
    ...TABLE,
    ...METRICS,
    RAW_BUCKET: "raw",
    INPUT_PREFIX: "input/",
    GRACE_SECONDS: "60",
    S3_PATH_STYLE: "false",
  },
};

describe.each(Object.entries(VARIABLES))("the bundle of %s", (name, variables) => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tributary-bundle-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("stays below 400 KB", () => {
    expect(handlerBundles().get(name)?.byteLength).toBeLessThanOrEqual(LARGEST);
  });

  test("loads on its own and exports the handler", () => {
    const file = join(folder, "index.js");
    writeFileSync(file, handlerBundles().get(name) ?? "");
    const program = `process.stdout.write(typeof require(${JSON.stringify(file)}).handler)`;
    const env = { ...variables, AWS_REGION: "us-east-1" };
    expect(
      execFileSync(process.execPath, ["-e", program], { env, cwd: folder, stdio: "pipe" }).toString(),
    ).toBe("function");
  });
});
