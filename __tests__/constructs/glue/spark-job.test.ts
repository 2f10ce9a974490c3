import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { describe, expect, test } from "@jest/globals";
import type { Construct } from "constructs";
import {
  jobScript,
  lockedWheels,
  nativeWheel,
  tributaryPackage,
} from "../../../constructs/code/glue-package";
import { EtlJob, type EtlJobProps } from "../../../constructs/glue/etl-job";
import { JobCode } from "../../../constructs/glue/job-code";
import type { SparkJobProps } from "../../../constructs/glue/spark-job";
import { StreamingJob, type StreamingJobProps } from "../../../constructs/glue/streaming-job";
import { resource, resourcesOf, statement, statementsOf } from "../../support/resources";
import { synthesizeConstruct } from "../../support/synthesize";

const PLACE = { account: "123456789012", region: "us-east-1" };

const keyArn = (id: string) => `arn:aws:kms:us-east-1:123456789012:key/${id}`;
const KEYS = { code: keyArn("code"), data: keyArn("data"), logs: keyArn("logs") };

interface Place {
  readonly installWheels?: boolean;
}

function commonProps(scope: Construct, installWheels: boolean): SparkJobProps {
  const artifacts = new S3Bucket(scope, "artifacts", { bucket: "artifacts" });
  const code = { ...PLACE, bucketName: artifacts.bucket, pathStyle: false, installWheels };
  return {
    jobName: "lake-dev-csv",
    description: "processes uploads",
    script: "uploads_job",
    artifacts,
    ...PLACE,
    keys: KEYS,
    glueVersion: "5.0",
    workerType: "G.1X",
    numberOfWorkers: 2,
    logRetentionDays: 7,
    code: new JobCode(scope, "code", code),
    arguments: { uploads_table: "uploads" },
  };
}

type Props = Partial<EtlJobProps> & Place;

function jobWith({ installWheels = false, ...props }: Props = {}) {
  return synthesizeConstruct((scope) => {
    new EtlJob(scope, "job", { ...commonProps(scope, installWheels), timeoutMinutes: 60, ...props });
  });
}

function streamWith(props: Partial<StreamingJobProps> = {}) {
  return synthesizeConstruct((scope) => {
    new StreamingJob(scope, "job", { ...commonProps(scope, false), maintenanceWindow: "Sun:3", ...props });
  });
}

function argumentsOf(props: Props = {}): Record<string, string> {
  return resource(jobWith(props), "aws_glue_job")["non_overridable_arguments"] as Record<string, string>;
}

describe("a Spark job", () => {
  test("runs once at a time, and ends", () => {
    expect(resource(jobWith(), "aws_glue_job")).toMatchObject({
      execution_property: { max_concurrent_runs: 1 },
      timeout: 60,
      max_retries: 0,
      worker_type: "G.1X",
      number_of_workers: 2,
      glue_version: "5.0",
      command: { name: "glueetl", python_version: "3" },
    });
  });

  test("runs as often at once as is asked for", () => {
    const job = resource(jobWith({ concurrentRuns: 4 }), "aws_glue_job");
    expect(job).toMatchObject({ execution_property: { max_concurrent_runs: 4 } });
    expect(job).not.toHaveProperty("connections");
  });

  test.each([
    "--scriptLocation",
    "--extra-py-files",
    "--extra-files",
    "--extra-jars",
    "--user-jars-first",
    "--additional-python-modules",
    "--python-modules-installer-option",
    "--conf",
    "--job-language",
    "--custom-logGroup-prefix",
    "--uploads_table",
  ])("fixes %s, with wheels or without, so that who starts it brings no code and no other place", (name) => {
    for (const installWheels of [true, false]) expect(argumentsOf({ installWheels })[name]).toMatch(/./);
    expect(resource(jobWith(), "aws_glue_job")["default_arguments"]).toEqual({});
  });

  test("loads nothing but its own code, where it has nothing more to load", () => {
    const places = Object.values(argumentsOf({})).filter((value) => value.includes("s3://"));
    expect(places.length).toBeGreaterThanOrEqual(4);
    for (const place of places) expect(place).toMatch(/\/(uploads_job\.py|tributary\.zip)$/);
  });

  test("lets a caller set what is on the list, and nothing else", () => {
    const own = { uploads_table: "uploads", budget_minutes: "30" };
    const job = resource(jobWith({ arguments: own, callerArguments: ["budget_minutes"] }), "aws_glue_job");
    expect(job["default_arguments"]).toEqual({ "--budget_minutes": "30" });
    expect(job["non_overridable_arguments"]).not.toHaveProperty("--budget_minutes");
    expect(job["non_overridable_arguments"]).toHaveProperty("--uploads_table");
    expect(() => jobWith({ callerArguments: ["other"] })).toThrow(
      'lake-dev-csv: a caller may set "other", which the script does not read',
    );
  });

  test("streams for the longest that Glue takes without doubt, without its retries, in a maintenance window", () => {
    const job = resource(streamWith(), "aws_glue_job");
    expect(job).toMatchObject({
      execution_property: { max_concurrent_runs: 1 },
      maintenance_window: "Sun:3",
      max_retries: 0,
      timeout: 7 * 24 * 60 - 1,
      command: { name: "gluestreaming" },
    });
  });

  test("encrypts logs, bookmarks and what Spark writes", () => {
    expect(resource(jobWith(), "aws_glue_security_configuration")).toMatchObject({
      encryption_configuration: {
        cloudwatch_encryption: { cloudwatch_encryption_mode: "SSE-KMS", kms_key_arn: KEYS.logs },
        job_bookmarks_encryption: { job_bookmarks_encryption_mode: "CSE-KMS", kms_key_arn: KEYS.data },
        s3_encryption: { s3_encryption_mode: "SSE-KMS", kms_key_arn: KEYS.data },
      },
    });
  });

  test("finds script and package under keys of their content", () => {
    const found = argumentsOf();
    expect(found["--extra-py-files"]).toMatch(
      new RegExp(`/glue/${tributaryPackage().sha256}/tributary\\.zip$`),
    );
    expect(found["--scriptLocation"]).toMatch(/^s3:.*\/glue\/[0-9a-f]{64}\/uploads_job\.py$/);
  });

  test("comes behind all its log groups, for a run before them would make its own", () => {
    const stack = jobWith();
    const groups = resourcesOf(stack, "aws_cloudwatch_log_group").map(
      ([id]) => `aws_cloudwatch_log_group.${id}`,
    );
    expect(groups).toHaveLength(10);
    expect(resource(stack, "aws_glue_job")["depends_on"]).toEqual(expect.arrayContaining(groups));
  });

  test("is changed when its code is stored, and before what it named is marked", () => {
    const stack = jobWith();
    const [[name]] = resourcesOf(stack, "aws_glue_job") as [[string, unknown]];
    expect(resource(stack, "aws_glue_job")["depends_on"]).toContainEqual(
      expect.stringMatching(/^terraform_data\.code_store_uploads_/),
    );
    expect(resource(stack, "terraform_data", "code_store_marks")["depends_on"]).toEqual([
      `aws_glue_job.${name}`,
    ]);
    expect(resourcesOf(stack, "aws_s3_object")).toEqual([]);
  });

  const GROUPS = ["output", "error"].flatMap((stream) => [
    // Glue 5 with a prefix, then with a security configuration, then without the prefix
    `/aws-glue/jobs/lake-dev-csv/${stream}`,
    `/aws-glue/jobs/lake-dev-csv/${stream}-lake-dev-csv`,
    `/aws-glue/jobs/${stream}-lake-dev-csv`,
    // by role and security configuration
    `/aws-glue/jobs/lake-dev-csv-lake-dev-csv-lake-dev-csv/${stream}`,
    `/aws-glue/jobs-lake-dev-csv-lake-dev-csv/${stream}`,
  ]);

  test("keeps for as long as is set whatever Glue logs, by whichever of its names for log groups", () => {
    const stack = jobWith({ logRetentionDays: 7 });
    expect(resource(stack, "aws_iam_role")["name"]).toBe("lake-dev-csv");
    expect(resource(stack, "aws_glue_security_configuration")["name"]).toBe("lake-dev-csv");
    const groups = resourcesOf(stack, "aws_cloudwatch_log_group").map(([, group]) => group);
    expect(groups.map(({ name }) => name).sort()).toEqual([...GROUPS].sort());
    for (const group of groups) {
      expect(group).toMatchObject({ retention_in_days: 7, kms_key_id: expect.stringMatching(/./) });
    }
  });

  test("lets its role write to these log groups, and no others", () => {
    const { Resource } = statement(resource(jobWith(), "aws_iam_role_policy")["policy"], "WriteJobLogs");
    const matches = (arn: string) =>
      Resource.some((each) => new RegExp(`^${each.replaceAll("*", ".*")}$`).test(arn));
    const streamOf = (group: string) =>
      `arn:aws:logs:us-east-1:123456789012:log-group:${group}:log-stream:jr_1-driver`;
    expect(GROUPS.filter((group) => !matches(streamOf(group)))).toEqual([]);
    const others = GROUPS.map((group) => group.replaceAll("lake-dev-csv", "lake-dev-json"));
    expect([...others, "/aws-glue/jobs/error"].filter((group) => matches(streamOf(group)))).toEqual([]);
  });

  test("passes its own arguments with hyphens, beside the managed ones", () => {
    expect(argumentsOf()).toMatchObject({
      "--uploads_table": "uploads",
      "--enable-metrics": "true",
      "--enable-continuous-cloudwatch-log": "true",
      "--custom-logGroup-prefix": "/aws-glue/jobs/lake-dev-csv",
      "--job-bookmark-option": "job-bookmark-disable",
    });
  });

  test.each([
    ["refuses a batch", { timeoutMinutes: 0 }, jobWith],
    ["refuses a run of more than fifty dollars", { timeoutMinutes: 10_000 }, jobWith],
    ["refuses a stream of more than fifty dollars a day", { numberOfWorkers: 5 }, streamWith],
    ["refuses spare capacity for a stream", { executionClass: "FLEX" as const }, streamWith],
  ])("%s, where it stands", (_, props, build) => {
    expect(() => build(props)).toThrow(/^test\/job: \w+ of lake-dev-csv: expected .+, got /);
  });

  test("queues runs, tells of long ones, and takes spare capacity", () => {
    const stack = jobWith({
      jobRunQueuing: true,
      concurrentRuns: 3,
      notifyAfterMinutes: 45,
      executionClass: "FLEX",
    });
    expect(resource(stack, "aws_glue_job")).toMatchObject({
      job_run_queuing_enabled: true,
      execution_property: { max_concurrent_runs: 3 },
      max_retries: 0,
      notification_property: { notify_delay_after: 45 },
      execution_class: "FLEX",
    });
    const plain = resource(jobWith(), "aws_glue_job");
    expect(plain["execution_class"]).toBe("STANDARD");
    expect(plain).not.toHaveProperty("job_run_queuing_enabled");
    expect(plain).not.toHaveProperty("notification_property");
  });

  test("remembers what it read, and publishes no metrics, where that is asked for", () => {
    const found = argumentsOf({ bookmarks: true, metrics: false });
    expect(found["--job-bookmark-option"]).toBe("job-bookmark-enable");
    expect(found).not.toHaveProperty("--enable-metrics");
  });

  test("joins settings of Spark as Glue wants them", () => {
    const sparkConf = { "spark.task.cpus": "2", "spark.sql.adaptive.enabled": "true" };
    expect(argumentsOf({ sparkConf })["--conf"]).toBe(
      "spark.ui.showConsoleProgress=false --conf spark.task.cpus=2 --conf spark.sql.adaptive.enabled=true",
    );
  });

  test("stores further files beside its script", () => {
    const extraFiles = [jobScript("ledger_lister")];
    expect(argumentsOf({ extraFiles })["--extra-files"]).toMatch(
      /^s3:\S+\/uploads_job\.py,s3:\S+\/glue\/[0-9a-f]{64}\/ledger_lister\.py$/,
    );
  });

  test("writes Spark's history and temporary objects to its folders, and its role to nothing beside them", () => {
    const stack = synthesizeConstruct((scope) => {
      const bucket = new S3Bucket(scope, "own", { bucket: "own" });
      new EtlJob(scope, "job", {
        ...commonProps(scope, false),
        timeoutMinutes: 60,
        sparkUi: { bucket, prefix: "spark-ui/csv/" },
        temporaryFolder: { bucket, prefix: "temporary/csv/" },
      });
    });
    expect(resource(stack, "aws_glue_job")["non_overridable_arguments"]).toMatchObject({
      "--enable-spark-ui": "true",
      "--spark-event-logs-path": expect.stringMatching(/^s3:\S+\/spark-ui\/csv\/$/),
      "--TempDir": expect.stringMatching(/^s3:\S+\/temporary\/csv\/$/),
    });
    const policy = resource(stack, "aws_iam_role_policy")["policy"];
    expect(statement(policy, "WriteSparkHistory")).toMatchObject({
      Action: ["s3:PutObject", "s3:AbortMultipartUpload"],
      Resource: [expect.stringMatching(/\/spark-ui\/csv\/\*$/)],
    });
    expect(statement(policy, "UseTemporaryFolder").Resource).toEqual([
      expect.stringMatching(/\/temporary\/csv\/\*$/),
    ]);
    expect(statement(policy, "ListTemporaryFolder").Condition).toEqual({
      StringLike: { "s3:prefix": ["temporary/csv/*"] },
    });
    expect(statement(policy, "UseFolderKey").Resource).toEqual([KEYS.data]);
    for (const name of ["--enable-spark-ui", "--TempDir"]) expect(argumentsOf()).not.toHaveProperty(name);
  });

  test.each(["enable-metrics", "JOB_NAME", "--uploads_table", "conf", "mode"])(
    "rejects the argument %s",
    (name) => {
      expect(() => jobWith({ arguments: { [name]: "x" } })).toThrow(
        `lake-dev-csv: argument "${name}" could collide with one of Glue's own`,
      );
    },
  );

  test("installs every locked wheel and our own, from the artifacts bucket alone", () => {
    const expected = [...lockedWheels(), nativeWheel()].map(({ sha256, name }) => `wheels/${sha256}/${name}`);
    const wheels = argumentsOf({ installWheels: true });
    const places = wheels["--additional-python-modules"]?.split(",") ?? [];
    for (const place of places) expect(place).toMatch(/^s3:\/\/\$\{aws_s3_bucket\.artifacts\.bucket\}\//);
    expect(places.map((place) => place.split("/").slice(3).join("/"))).toEqual(expected);
    expect(wheels["--python-modules-installer-option"]).toBe("--no-index --no-deps");
    expect(argumentsOf()["--additional-python-modules"]).toBe("pip");
  });

  test.each([
    [2, false],
    [5, true],
  ])("with at most %i workers scales by itself: %s", (maximumWorkers, scales) => {
    expect(resource(jobWith({ maximumWorkers }), "aws_glue_job")["number_of_workers"]).toBe(maximumWorkers);
    expect("--enable-auto-scaling" in argumentsOf({ maximumWorkers })).toBe(scales);
  });

  test("lets its role write its logs and Glue's metrics and read its own code, and nothing else", () => {
    const statements = statementsOf(resource(jobWith(), "aws_iam_role_policy")["policy"]);
    expect(statements.map(({ Sid }) => Sid)).toEqual([
      "WriteJobLogs",
      "WriteJobMetrics",
      "ReadOwnCode",
      "UseCodeKey",
    ]);
  });

  test("takes a role that is given, and makes none", () => {
    const stack = synthesizeConstruct((scope) => {
      const role = new IamRole(scope, "given", { name: "given", assumeRolePolicy: "{}" });
      new EtlJob(scope, "job", { ...commonProps(scope, false), timeoutMinutes: 60, role });
    });
    expect(resource(stack, "aws_glue_job")["role_arn"]).toMatch(/aws_iam_role\.given\.arn/);
    expect(resource(stack, "aws_iam_role")["name"]).toBe("given");
    expect(resourcesOf(stack, "aws_iam_role_policy")).toEqual([]);
  });

  test("lets who may start it do so, and nothing else with it", () => {
    synthesizeConstruct((scope) => {
      const job = new EtlJob(scope, "job", { ...commonProps(scope, false), timeoutMinutes: 60 });
      expect(job.grantStart(["glue:GetJobRun"])).toEqual({
        sid: "StartJob",
        actions: ["glue:GetJobRun", "glue:StartJobRun"],
        resources: ["arn:aws:glue:us-east-1:123456789012:job/lake-dev-csv"],
      });
    });
  });
});
