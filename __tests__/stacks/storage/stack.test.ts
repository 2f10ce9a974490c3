import { describe, expect, test } from "@jest/globals";
import { loadEnvironment, UNNAMED_TAG } from "../../../environments/schema";
import { SMOKE_DATASETS, SMOKE_DAYS, SMOKE_PREFIXES } from "../../../runtime/smoke";
import { resource, resourcesOf, statement, statementsOf } from "../../support/resources";
import { stacksOf } from "../../support/stacks";
import { synthesize } from "../../support/synthesize";

const stacks = stacksOf("local", "dev", "prod");
const prod = stacks.get("prod-storage");

describe("storage", () => {
  test("has the seven buckets, their names carrying the account", () => {
    expect(
      resourcesOf(prod, "aws_s3_bucket")
        .map(([, bucket]) => bucket["bucket"])
        .sort(),
    ).toEqual(
      ["access-logs", "artifacts", "curated", "manifests", "quarantine", "raw", "results"].map(
        (name) => `tributary-prod-${name}-333333333333`,
      ),
    );
  });

  test("logs access to every bucket but the one that holds the logs", () => {
    const logged = resourcesOf(prod, "aws_s3_bucket_logging").map(([id]) => id.split("_")[0]);
    expect(logged.sort()).toEqual(["artifacts", "curated", "manifests", "quarantine", "raw", "results"]);
  });

  test("logs nothing before the policy of that bucket admits it", () => {
    for (const [, logging] of resourcesOf(prod, "aws_s3_bucket_logging")) {
      expect(logging["depends_on"]).toEqual([expect.stringContaining("aws_s3_bucket_policy.access-logs")]);
    }
  });

  test("keeps for a month what of the access logs is deleted or replaced", () => {
    expect(resource(prod, "aws_s3_bucket_versioning", "access-logs")).toMatchObject({
      versioning_configuration: { status: "Enabled" },
    });
    expect(resource(prod, "aws_s3_bucket_lifecycle_configuration", "access-logs")["rule"]).toEqual([
      expect.objectContaining({
        expiration: [{ days: 365 }],
        noncurrent_version_expiration: [{ noncurrent_days: 30 }],
      }),
    ]);
  });

  test("encrypts the access logs by S3's own key, since S3 delivers under no other", () => {
    const encryption = resource(prod, "aws_s3_bucket_server_side_encryption_configuration", "access-logs");
    expect(JSON.stringify(encryption)).toContain("AES256");
  });

  test("admits S3's log delivery for this account only", () => {
    const policy = resource(prod, "aws_s3_bucket_policy", "access-logs")["policy"];
    expect(statement(policy, "S3WritesAccessLogs")).toMatchObject({
      Principal: { Service: "logging.s3.amazonaws.com" },
      Condition: { StringEquals: { "aws:SourceAccount": "333333333333" } },
    });
  });

  test("moves inputs, and nothing else, to Intelligent-Tiering", () => {
    const tiered = resourcesOf(prod, "aws_s3_bucket_lifecycle_configuration").filter(([, each]) =>
      JSON.stringify(each).includes("INTELLIGENT_TIERING"),
    );
    expect(tiered.map(([id]) => id.split("_")[0])).toEqual(["raw"]);
  });

  test("records data events of the data buckets where the environment says so", () => {
    expect(JSON.stringify(resource(prod, "aws_cloudtrail")["event_selector"])).toContain("AWS::S3::Object");
    expect(resource(prod, "aws_cloudtrail")["depends_on"]).toEqual([
      expect.stringContaining("aws_s3_bucket_policy.access-logs"),
    ]);
    expect(resourcesOf(stacks.get("dev-storage"), "aws_cloudtrail")).toEqual([]);
  });

  test("signs the files of the trail, since a bucket that takes access logs has no Object Lock to keep them", () => {
    expect(resource(prod, "aws_cloudtrail")).toMatchObject({
      enable_log_file_validation: true,
      s3_bucket_name: expect.stringContaining("aws_s3_bucket.access-logs"),
    });
    expect(resourcesOf(prod, "aws_s3_bucket_object_lock_configuration")).toEqual([]);
    expect(resource(prod, "aws_s3_bucket", "access-logs")).not.toHaveProperty("object_lock_enabled");
  });

  test("describes the customers table over its Parquet files, and leaves drifted columns alone", () => {
    const table = resource(prod, "aws_glue_catalog_table", "table-customers");
    expect(table).toMatchObject({
      name: "customers",
      table_type: "EXTERNAL_TABLE",
      parameters: { EXTERNAL: "TRUE", classification: "parquet", "parquet.compression": "snappy" },
      lifecycle: { ignore_changes: ["storage_descriptor[0].columns"] },
    });
    const storage = table["storage_descriptor"] as { location: string; columns: { name: string }[] };
    expect(storage.location).toMatch(/^s3:\/\/.*\/tables\/customers\/$/);
    expect(storage.columns.map((column) => column.name)).toEqual([
      "id",
      "name",
      "email",
      "email_valid",
      "date",
      "amount",
      "amount_category",
      "status",
      "running_total_by_status",
      "data_quality_issues",
      "processing_date",
      "source_file",
    ]);
  });

  test("has table and view of each text dataset, and no typed table of it", () => {
    const names = resourcesOf(prod, "aws_glue_catalog_table").map(([id]) => id.replace(/_[0-9A-F]{8}$/, ""));
    expect(names.filter((name) => name.startsWith("table-")).sort()).toEqual([
      "table-clicks_latest",
      "table-clicks_table",
      "table-customers_table",
      "table-ml_events_table",
      "table-smoke_ledger_table",
      "table-smoke_manifests_latest",
      "table-smoke_manifests_table",
      "table-smoke_uploads_table",
    ]);
  });

  test.each(["local", "dev", "prod"])("refuses in %s to put into raw what no job could read", (name) => {
    const { policy } = resource(stacks.get(`${name}-storage`), "aws_s3_bucket_policy", "raw") as {
      policy: string;
    };
    const denied = statementsOf(policy).filter(
      ({ Effect, Sid }) => Effect === "Deny" && Sid !== "DenyWithoutTls",
    );
    expect(denied.map(({ Sid }) => Sid)).toEqual([
      "DenyArchives",
      "DenyCustomerKeys",
      "DenyOtherKmsKeys",
      "DenyUnnamedKmsKeys",
      "DenyOwnTag",
    ]);
    expect(JSON.stringify(statement(policy, "DenyOtherKmsKeys"))).toMatch(/aws_kms_key\.key[^"]*arn/);
    for (const { Resource } of denied) expect(Resource).toEqual([expect.stringMatching(/raw[^"]*arn}\/\*$/)]);
  });

  test("lets nobody call a raw file processed by the way it is put: it would be archived unread", () => {
    const { policy } = resource(prod, "aws_s3_bucket_policy", "raw") as { policy: string };
    expect(statement(policy, "DenyOwnTag")).toMatchObject({
      Effect: "Deny",
      Principal: "*",
      // the batch job tags by PutObjectVersionTagging
      Action: ["s3:PutObject"],
      Condition: { StringEquals: { "s3:RequestObjectTag/tributary": "processed" } },
    });
  });

  test("lets quarantined files and dead letters expire where no days are set", () => {
    const expired = (name: string) =>
      resource(stacks.get(`${name}-storage`), "aws_s3_bucket_lifecycle_configuration", "quarantine")["rule"];
    const [local, deployed] = [expired("local"), expired("prod")] as [object[], object[]];
    expect(local[0]).toMatchObject({ filter: [{ prefix: "" }], expiration: [{ days: 90 }] });
    expect(deployed[0]).toMatchObject({ filter: [{ prefix: "" }], expiration: [{ days: 365 }] });
  });

  describe("the lifecycle of raw files", () => {
    const rulesOf = (name: string, stack = stacks.get(`${name}-storage`)) =>
      resource(stack, "aws_s3_bucket_lifecycle_configuration", "raw")["rule"] as Record<string, unknown>[];

    test("lets nothing expire by age alone but inputs of uploads and manifests, and processed files", () => {
      const rules = rulesOf("dev").filter(({ id }) => !String(id).startsWith("smoke-"));
      const [whole, uploads, manifests, processed, ...others] = rules;
      expect(others).toEqual([]);
      expect(whole).toMatchObject({
        filter: [{ prefix: "" }],
        expiration: [{ expired_object_delete_marker: true }],
      });
      expect(whole).not.toHaveProperty("noncurrent_version_expiration");
      // of two rules S3 prefers Intelligent-Tiering: the class to archive in would never come
      expect(whole).not.toHaveProperty("transition");
      const ages = { expiration: [{ days: 30 }], noncurrent_version_expiration: [{ noncurrent_days: 7 }] };
      expect(uploads).toMatchObject({ filter: [{ prefix: "input/customers/" }], ...ages });
      expect(manifests).toMatchObject({ filter: [{ prefix: "input/clicks/" }], ...ages });
      expect(processed).toMatchObject({ filter: [{ prefix: "raw-json-data-processed/" }], ...ages });
    });

    test("moves processed files to the archive class after the days set, or never", () => {
      const archived = rulesOf("prod").find(({ id }) => id === "processed");
      const tiered = { days: 30, storage_class: "INTELLIGENT_TIERING" };
      expect(archived).toMatchObject({ transition: [tiered, { days: 90, storage_class: "GLACIER_IR" }] });
      expect(archived).not.toHaveProperty("expiration");
      expect(rulesOf("dev").find(({ id }) => id === "processed")).toMatchObject({
        transition: [{ days: 0, storage_class: "INTELLIGENT_TIERING" }],
      });
    });

    test("archives nothing that is not processed, whatever class is set", () => {
      const environment = loadEnvironment("prod");
      const processed = { ...environment.storage.lifecycle.processed, archiveClass: "DEEP_ARCHIVE" as const };
      const lifecycle = { ...environment.storage.lifecycle, processed };
      const archiving = synthesize([{ ...environment, storage: { ...environment.storage, lifecycle } }]);
      const archives = rulesOf("prod", archiving.get("prod-storage")).filter((rule) =>
        JSON.stringify(rule).includes("DEEP_ARCHIVE"),
      );
      expect(archives.map(({ id }) => id)).toEqual(["processed"]);
    });

    test("knows processed files by their tag where they stay", () => {
      const environment = loadEnvironment("prod");
      const batch = { ...environment.ledger.batch, archive: "tag" as const };
      const tagging = synthesize([{ ...environment, ledger: { ...environment.ledger, batch } }]);
      const rules = rulesOf("prod", tagging.get("prod-storage"));
      expect(rules.find(({ id }) => id === "processed-by-tag-raw-json-data")).toEqual({
        id: "processed-by-tag-raw-json-data",
        status: "Enabled",
        filter: [{ and: [{ prefix: "raw-json-data/", tags: { tributary: "processed" } }] }],
        transition: [
          { days: 30, storage_class: "INTELLIGENT_TIERING" },
          { days: 90, storage_class: "GLACIER_IR" },
        ],
        noncurrent_version_expiration: [{ noncurrent_days: 365 }],
      });
    });

    test("clears what attempts staged long after any batch was published", () => {
      const rules = resource(prod, "aws_s3_bucket_lifecycle_configuration", "curated")["rule"] as object[];
      expect(rules.slice(0, 2)).toMatchObject([
        { filter: [{ prefix: "" }] },
        { filter: [{ prefix: "_staging/" }], expiration: [{ days: 30 }] },
      ]);
    });

    test.each([
      ["raw", Object.values(SMOKE_PREFIXES)],
      ["curated", Object.values(SMOKE_DATASETS).map((name) => `tables/${name}/`)],
      ["quarantine", ["dead-letters/smoke_uploads/", "dead-letters/smoke_manifests/"]],
    ])("ends what smoke tests leave in %s within days, and nothing else of that age", (bucket, prefixes) => {
      const rules = resource(prod, "aws_s3_bucket_lifecycle_configuration", bucket)["rule"] as {
        filter: { prefix: string }[];
        expiration?: { days: number }[];
      }[];
      const soon = rules.filter(({ expiration }) => expiration?.[0]?.days === SMOKE_DAYS);
      const ended = soon.map(({ filter }) => filter[0]?.prefix);
      expect(ended).toEqual(expect.arrayContaining(prefixes));
      for (const prefix of ended) expect(prefix).toMatch(/\/smoke_(uploads|manifests|ledger)\/$/);
    });
  });

  test("projects every partition of the events of raw JSON, years by the settings", () => {
    const table = resource(prod, "aws_glue_catalog_table", "table-ml_events");
    expect(table).toMatchObject({
      parameters: {
        "projection.enabled": "true",
        "projection.year.range": "2021,2030",
        "projection.month.digits": "2",
        "projection.day.digits": "2",
        "projection.mode.values": "train,validation,test",
      },
      lifecycle: { ignore_changes: ["storage_descriptor[0].columns"] },
    });
    const keys = table["partition_keys"] as { name: string }[];
    expect(keys.map(({ name }) => name)).toEqual(["year", "month", "day", "mode"]);
    expect(resource(prod, "aws_glue_catalog_table", "table-customers")["parameters"]).not.toHaveProperty(
      "projection.enabled",
    );
  });

  test("keeps the dead letters of every pipeline's queue, beside what else must outlive compute", () => {
    expect(resourcesOf(prod, "aws_sqs_queue").map(([, { name }]) => name)).toEqual([
      ...["ledger-inputs", "manifests-inputs", "manifests-ready"].map(
        (queue) => `tributary-prod-${queue}-dead-letters`,
      ),
      "tributary-prod-undelivered-events",
    ]);
  });

  test.each([
    ["dev", 31],
    ["prod", 90],
  ])("keeps manifests in %s for %i days, longer than the books remember a finished file", (name, days) => {
    const lifecycle = resource(
      stacks.get(`${name}-storage`),
      "aws_s3_bucket_lifecycle_configuration",
      "manifests",
    );
    expect(lifecycle["rule"]).toMatchObject([{ expiration: [{ days }] }]);
  });

  test("lets S3 write to encrypted queues under the key, whether or not it names this account", () => {
    expect(
      statement(resource(prod, "aws_kms_key", "operations-key")["policy"], "S3WritesUnderKey"),
    ).toMatchObject({
      Principal: { Service: "s3.amazonaws.com" },
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Condition: { StringEqualsIfExists: { "aws:SourceAccount": "333333333333" } },
    });
  });

  test("makes queries use the workgroup's encrypted place for results, and limits what they scan", () => {
    expect(resource(prod, "aws_athena_workgroup")).toMatchObject({
      name: "tributary-prod",
      configuration: {
        enforce_workgroup_configuration: true,
        bytes_scanned_cutoff_per_query: 1e12,
        result_configuration: {
          output_location: expect.stringMatching(/aws_s3_bucket\.results_bucket_.*\.bucket\}\/$/),
          encryption_configuration: { encryption_option: "SSE_KMS" },
        },
      },
    });
    expect(resource(prod, "aws_s3_bucket_lifecycle_configuration", "results")["rule"]).toMatchObject([
      { expiration: [{ days: 7 }] },
    ]);
    expect(resourcesOf(prod, "aws_s3_bucket_versioning").map(([id]) => id)).not.toContainEqual(
      expect.stringMatching(/^results/),
    );
  });

  describe("the code in the artifacts bucket", () => {
    const denial = (name: string) => {
      const policy = resource(stacks.get(`${name}-storage`), "aws_s3_bucket_policy", "artifacts")["policy"];
      return statement(policy, "DenyCodeToOthers");
    };

    test("is written and deleted by the deployers and the account's owner alone", () => {
      expect(denial("prod")).toMatchObject({
        Effect: "Deny",
        Principal: "*",
        // by a tag it would expire
        Action: [
          "s3:PutObject",
          "s3:PutObjectTagging",
          "s3:DeleteObject",
          "s3:DeleteObjectTagging",
          "s3:DeleteObjectVersion",
        ],
        Condition: {
          ArnNotLike: {
            "aws:PrincipalArn": [
              "arn:aws:iam::333333333333:role/tributary-prod.apply",
              "arn:aws:iam::333333333333:root",
            ],
          },
        },
      });
    });

    test("is changed by no role of the environment, where no deployer is named", () => {
      expect(denial("dev").Condition).toEqual({
        ArnLike: { "aws:PrincipalArn": "arn:aws:iam::111111111111:role/tributary-dev-*" },
      });
    });

    test("expires by age when it is marked, and never by age alone", () => {
      const rules = resource(
        stacks.get("prod-storage"),
        "aws_s3_bucket_lifecycle_configuration",
        "artifacts",
      )["rule"] as readonly Record<string, unknown>[];
      const expiring = rules.filter(({ expiration }) => JSON.stringify(expiration ?? []).includes("days"));
      const tags = { [UNNAMED_TAG.key]: UNNAMED_TAG.value };
      expect(expiring).toEqual(
        ["glue", "wheels"].map((folder) => ({
          id: `unnamed-${folder}`,
          status: "Enabled",
          filter: [{ and: [{ prefix: `${folder}/`, tags }] }],
          expiration: [{ days: 30 }],
        })),
      );
    });

    test("lies in folders that the denial names, all of it", () => {
      const compute = ["prod-compute", "prod-ledger"].flatMap((name) =>
        resourcesOf(stacks.get(name), "aws_s3_object"),
      );
      const stored = resource(stacks.get("prod-compute"), "terraform_data", "code_store_uploads")[
        "triggers_replace"
      ];
      const keys = [
        ...compute.map(([, { key }]) => String(key)),
        ...(stored as { code: string }).code.split("\n"),
      ];
      const folders = new Set(keys.map((key) => key.split("/")[0]));
      expect(
        denial("prod")
          .Resource.map((each) => each.split("/").at(-2))
          .sort(),
      ).toEqual([...folders].sort());
    });
  });

  test("has a key for each of what it protects, and admits services to one alone", () => {
    const keyOf = (type: string, id: string) => JSON.stringify(resource(prod, type, id));
    for (const bucket of ["raw", "manifests", "curated", "quarantine", "results"]) {
      const text = keyOf("aws_s3_bucket_server_side_encryption_configuration", bucket);
      expect(text).toMatch(/aws_kms_key\.key_[0-9A-F]{8}\./);
    }
    expect(keyOf("aws_s3_bucket_server_side_encryption_configuration", "artifacts")).toMatch(
      /aws_kms_key\.code-key_/,
    );
    for (const [, queue] of resourcesOf(prod, "aws_sqs_queue")) {
      expect(queue["kms_master_key_id"]).toMatch(/aws_kms_key\.operations-key_/);
    }
    const services = resourcesOf(prod, "aws_kms_key").map(([id, { policy }]) => [
      id.split("_")[0],
      statementsOf(policy).length - 1,
    ]);
    expect(Object.fromEntries(services)).toEqual({ key: 0, "code-key": 0, "operations-key": 5 });
    expect(resourcesOf(prod, "aws_kms_alias").map(([, { name }]) => name)).toEqual([
      "alias/tributary-prod-code",
      "alias/tributary-prod-data",
      "alias/tributary-prod-operations",
    ]);
  });

  test("grants database and tables to all whom IAM admits, where the environment says that IAM decides alone", () => {
    const dev = loadEnvironment("dev");
    const granting = synthesize([{ ...dev, storage: { ...dev.storage, lakeFormation: "iam" } }]);
    const grants = resourcesOf(granting.get("dev-storage"), "aws_lakeformation_permissions");
    const granted = grants.map(([, { principal, permissions, database, table }]) => {
      expect({ principal, permissions }).toEqual({
        principal: "IAM_ALLOWED_PRINCIPALS",
        permissions: ["ALL"],
      });
      return database === undefined ? (table as { name: string }).name : "the database";
    });
    const tables = resourcesOf(prod, "aws_glue_catalog_table").map(
      ([id]) => `\${aws_glue_catalog_table.${id}.name}`,
    );
    expect(granted.sort()).toEqual([...tables, "the database"].sort());
    expect(resourcesOf(stacks.get("dev-storage"), "aws_lakeformation_permissions")).toEqual([]);
  });

  test("denies nothing for want of TLS locally, where the emulator speaks plain HTTP", () => {
    expect(JSON.stringify(stacks.get("local-storage"))).not.toContain("SecureTransport");
  });
});
