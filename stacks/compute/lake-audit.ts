import { Construct } from "constructs";
import { useKey } from "../../constructs/encryption-key";
import { BundledFunction, type FunctionSettings } from "../../constructs/functions/bundled-function";
import { scheduleRounds } from "../../constructs/functions/invocations";
import type { PolicyStatement } from "../../constructs/policy";
import { type Environment, functionName, jobName, jobsOf, pipelinesOf } from "../../environments/schema";
import { AUDIT_FILES, AUDIT_INCOMING, AUDIT_RUNS } from "../../runtime/audit";
import type { StorageStack } from "../storage/stack";

export interface LakeAuditProps {
  readonly environment: Environment;
  readonly storage: StorageStack;
  /** Settings that all functions of the environment share. */
  readonly settings: FunctionSettings;
}

/** Merges what jobs wrote of their files into the audit's tables, and writes the runs of the jobs. */
export class LakeAudit extends Construct {
  constructor(scope: Construct, id: string, { environment, storage, settings }: LakeAuditProps) {
    super(scope, id);
    const name = functionName(environment, "lake-audit");
    const jobs = jobsOf(environment).map((job) => ({
      name: jobName(environment, job),
      job,
      pipeline: pipelinesOf(job)[0],
    }));
    const keeper = new BundledFunction(this, "keeper", {
      handler: "lake-audit",
      functionName: name,
      description: "merges the audit of files by the hour, and writes the runs of the jobs",
      variables: {
        CURATED_BUCKET: storage.curated.bucket,
        S3_PATH_STYLE: String(environment.storage.pathStyle),
        AUDITED_JOBS: JSON.stringify(environment.storage.audit.enabled ? jobs : []),
      },
      statements: statements(environment, storage),
      // an hour of 200,000 rows takes 640 MB while it is merged
      settings: { ...settings, memorySizeMegabytes: 2048, timeoutSeconds: 300 },
      synchronous: true,
    });
    scheduleRounds(this, "keeper", keeper.function, {
      scheduleName: name,
      description: "the rounds of the audit",
      rateMinutes: environment.storage.audit.mergeMinutes,
      account: environment.account,
    });
  }
}

function statements(environment: Environment, { curated, dataKey }: StorageStack): PolicyStatement[] {
  const { account, region } = environment;
  const below = (prefix: string) => `${curated.arn}/${prefix}*`;
  return [
    {
      sid: "TakeRows",
      actions: ["s3:GetObject", "s3:DeleteObject"],
      resources: [below(AUDIT_INCOMING)],
    },
    {
      sid: "KeepTables",
      actions: ["s3:GetObject", "s3:PutObject"],
      resources: [below(AUDIT_FILES), below(AUDIT_RUNS)],
    },
    {
      // S3 answers 403 instead of 404 for a missing key to those who may not list, and a read has no prefix to allow
      sid: "ListAudit",
      actions: ["s3:ListBucket"],
      resources: [curated.arn],
    },
    {
      sid: "ReadRuns",
      actions: ["glue:GetJobRuns"],
      resources: jobsOf(environment).map(
        (job) => `arn:aws:glue:${region}:${account}:job/${jobName(environment, job)}`,
      ),
    },
    useKey("Data", dataKey.arn, region, "read-write"),
  ];
}
