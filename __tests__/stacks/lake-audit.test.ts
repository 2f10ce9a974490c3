import { describe, expect, test } from "@jest/globals";
import { AUDIT_QUERIES } from "../../constructs/catalog/audit-queries";
import { FILE_COLUMNS, latestFilesSql } from "../../constructs/catalog/audit-tables";
import { type Environment, loadEnvironment } from "../../environments/schema";
import { viewDefinition } from "../../runtime/manifests/latest-view";
import { resource, resourcesOf, statement } from "../support/resources";
import { type StackJson, stacksOf } from "../support/stacks";
import { synthesize } from "../support/synthesize";

const stacks = stacksOf("prod");
const prod = loadEnvironment("prod");
const off: Environment = {
  ...prod,
  storage: { ...prod.storage, audit: { ...prod.storage.audit, enabled: false, retentionDays: 30 } },
};
const withoutAudit = synthesize([off]);

const tableOf = (id: string, from = stacks) =>
  resource(from.get("prod-storage"), "aws_glue_catalog_table", `audit_${id}`);
const parametersOf = (id: string, from = stacks) => tableOf(id, from)["parameters"] as Record<string, string>;
const jobsWith = (stack: StackJson | undefined, audit: string) =>
  resourcesOf(stack, "aws_glue_job").filter(([, job]) => {
    const given = {
      ...(job["default_arguments"] as object),
      ...(job["non_overridable_arguments"] as object),
    };
    return (given as Record<string, string>)["--audit"] === audit;
  });

describe("the audit's tables", () => {
  test("show each pipeline and day that is kept without a crawler", () => {
    expect(parametersOf("files_")).toMatchObject({
      "projection.enabled": "true",
      "projection.pipeline.values": "uploads,manifests,ledger",
      "projection.day.range": "NOW-400DAYS,NOW+1DAYS",
    });
    expect(parametersOf("runs")).toMatchObject({ "projection.day.range": "NOW-400DAYS,NOW+1DAYS" });
    expect(parametersOf("dead-letters")).toMatchObject({
      "projection.folder.values": "dead-letters,error-data-lake",
      "storage.location.template": expect.stringMatching(/^s3:\/\/\$\{.*quarantine.*\}\/\$\$\{folder\}\/$/),
    });
  });

  test("have a view of each version's newest row, with all columns", () => {
    const view = tableOf("files-latest");
    expect(viewDefinition(String(view["view_original_text"]))).toMatchObject({
      originalSql: latestFilesSql(),
      schema: "tributary_prod",
      columns: [...FILE_COLUMNS, { name: "pipeline" }, { name: "day" }].map(({ name }) =>
        expect.objectContaining({ name }),
      ),
    });
  });

  test("have queries in the workgroup", () => {
    const queries = resourcesOf(stacks.get("prod-storage"), "aws_athena_named_query").map(
      ([, query]) => query,
    );
    expect(new Map(queries.map(({ name, query }) => [name, query]))).toEqual(
      new Map(AUDIT_QUERIES.map(({ name, sql }) => [name, sql])),
    );
  });

  test("keep rows as long as the setting says, and the replaced ones of an hour for a day", () => {
    const rules = (from: typeof stacks) =>
      resource(from.get("prod-storage"), "aws_s3_bucket_lifecycle_configuration", "curated")["rule"];
    const rule = (days: number) =>
      expect.objectContaining({
        filter: [{ prefix: "audit/" }],
        expiration: [{ days }],
        noncurrent_version_expiration: [{ noncurrent_days: 1 }],
      });
    expect(rules(stacks)).toContainEqual(rule(400));
    expect(rules(withoutAudit)).toContainEqual(rule(30));
    expect(parametersOf("files_", withoutAudit)["projection.day.range"]).toBe("NOW-30DAYS,NOW+1DAYS");
  });
});

describe("the audit's switch", () => {
  test("lets jobs write rows, each below its pipeline's prefix alone", () => {
    const compute = stacks.get("prod-compute");
    expect(
      jobsWith(compute, "on")
        .map(([id]) => id.replace(/_job_.*|_job$/, ""))
        .sort(),
    ).toHaveLength(3);
    for (const [role, pipeline] of [
      ["uploads-job", "uploads"],
      ["manifests_stream", "manifests"],
      ["ledger_batch", "ledger"],
    ] as const) {
      const policies = [
        ...resourcesOf(compute, "aws_iam_role_policy"),
        ...resourcesOf(compute, "aws_iam_policy"),
      ].filter(([id, { policy }]) => id.startsWith(role) && String(policy).includes("WriteAudit"));
      expect(policies.map(([, { policy }]) => statement(policy, "WriteAudit").Resource)).toEqual([
        [expect.stringMatching(new RegExp(`curated.*/audit/incoming/${pipeline}/\\*$`))],
      ]);
      const knows = policies.filter(([, { policy }]) => String(policy).includes("KnowWithdrawals"));
      expect(knows.map(([, { policy }]) => statement(policy, "KnowWithdrawals").Resource)).toEqual(
        pipeline === "uploads"
          ? []
          : [[expect.stringMatching(/quarantine.*\/quarantine\/withdrawn\/\*\/reason\.json$/)]],
      );
    }
  });

  test("leaves the tables and what they have, and lets nobody write more", () => {
    const compute = withoutAudit.get("prod-compute");
    expect(jobsWith(compute, "off")).toHaveLength(3);
    expect(JSON.stringify(compute)).not.toMatch(/WriteAudit|KnowWithdrawals/);
    const { environment } = resource(compute, "aws_lambda_function", "lake-audit") as {
      environment: { variables: { AUDITED_JOBS: string } };
    };
    expect(environment.variables.AUDITED_JOBS).toBe("[]");
    expect(tableOf("files_", withoutAudit)).toBeDefined();
  });
});

test("lake-audit deletes what it merged, and writes the tables alone", () => {
  const policy = resource(stacks.get("prod-compute"), "aws_iam_role_policy", "lake-audit_keeper_role")[
    "policy"
  ];
  const resources = (sid: string) =>
    statement(policy, sid).Resource.map((each) => each.replace(/^.*\}\//, ""));
  expect(resources("TakeRows")).toEqual(["audit/incoming/*"]);
  expect(resources("KeepTables")).toEqual(["audit/files/*", "audit/runs/*"]);
  expect(statement(policy, "TakeRows").Action).toEqual(["s3:GetObject", "s3:DeleteObject"]);
  expect(statement(policy, "ReadRuns").Resource).toHaveLength(4);
});
