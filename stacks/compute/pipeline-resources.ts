import type { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table";
import { useKey } from "../../constructs/encryption-key";
import type { GlueConnections } from "../../constructs/glue/glue-connections";
import type { JobKeys, SparkJobProps } from "../../constructs/glue/spark-job";
import type { PolicyStatement } from "../../constructs/policy";
import {
  alertSource,
  databaseName,
  type Environment,
  type Pipeline,
  type RunSize,
} from "../../environments/schema";
import { AUDIT_INCOMING, type AUDIT_REJECTED } from "../../runtime/audit";
import { latestViewName } from "../../runtime/manifests/latest-view";
import { datedDatasetsOf } from "../datasets";
import type { LedgerStack } from "../ledger/stack";
import type { NamedBucket, StorageStack } from "../storage/stack";
import { prefixesOf } from "./raw-events";

/** Resources that a pipeline depends on. */
export interface PipelineResources {
  readonly environment: Environment;
  readonly storage: StorageStack;
  readonly ledger: LedgerStack;
  /** Connections into the private subnets; undefined where no job runs there. */
  readonly connections: GlueConnections | undefined;
}

type JobSize = Pick<
  SparkJobProps,
  "workerType" | "numberOfWorkers" | "maximumWorkers" | "executionClass" | "sparkConf"
>;

/** Keys of a job: of the code that it loads, the data that it works on, and its logs. */
export function jobKeys({ codeKey, dataKey, operationsKey }: StorageStack): JobKeys {
  return { code: codeKey.arn, data: dataKey.arn, logs: operationsKey.arn };
}

/** Size of a job as its settings and its profile have it. */
export function sizeOf({ type, number, maximum, executionClass, coresOfTask }: RunSize): JobSize {
  return {
    workerType: type,
    numberOfWorkers: number,
    maximumWorkers: maximum,
    executionClass,
    ...(coresOfTask === 1 ? {} : { sparkConf: { "spark.task.cpus": String(coresOfTask) } }),
  };
}

/** Connections of a job that needs none, which the environment may want in the private subnets all the same. */
export function connectionsIfPrivate({
  environment,
  connections,
}: Pick<PipelineResources, "environment" | "connections">): GlueConnections | undefined {
  return environment.network.privateJobs ? connections : undefined;
}

/**
 * Statements to read tables of datasets and change their columns, and those of the views that dated ones have: Glue checks
 * catalog, database and table. Whether a table has a view is asked of the catalog, by a name for all of them.
 */
export function changeTables(environment: Environment, datasets: readonly string[]): PolicyStatement[] {
  const catalog = `arn:aws:glue:${environment.region}:${environment.account}`;
  const database = databaseName(environment);
  const dated = datedDatasetsOf(environment).map(({ name }) => name);
  const views = datasets.filter((each) => dated.includes(each)).map(latestViewName);
  const statement = (sid: string, actions: readonly string[], tables: readonly string[]) => ({
    sid,
    actions,
    resources: [
      `${catalog}:catalog`,
      `${catalog}:database/${database}`,
      ...tables.map((table) => `${catalog}:table/${database}/${table}`),
    ],
  });
  return [
    statement("FindViews", ["glue:GetTable"], [latestViewName("*")]),
    statement("AddColumns", ["glue:GetTable", "glue:UpdateTable"], [...datasets, ...views]),
  ];
}

/**
 * Statement that allows events under the environment's own source, of these types and no others: by those of another
 * pipeline, a stolen role would speak for its jobs.
 *
 * @see https://docs.amazonaws.cn/en_us/eventbridge/latest/userguide/eb-custom-bus-access-actions.html (2026-11-30)
 */
export function putOwnEvents(
  sid: string,
  environment: Environment,
  detailTypes: readonly string[],
): PolicyStatement {
  return {
    sid,
    actions: ["events:PutEvents"],
    resources: [`arn:aws:events:${environment.region}:${environment.account}:event-bus/default`],
    condition: {
      StringEquals: { "events:source": alertSource(environment), "events:detail-type": [...detailTypes] },
    },
  };
}

/**
 * Statement that lets a reader compare the KMS key of an object that it was denied with its bucket's, and so
 * tell a sender's key from a permission that it lacks itself.
 */
export function readRawKey({ storage }: PipelineResources): PolicyStatement {
  return { sid: "ReadRawKey", actions: ["s3:GetEncryptionConfiguration"], resources: [storage.raw.arn] };
}

/** Statements to read the versions of a pipeline's input objects, under the key of a raw bucket that has its own. */
export function readInputs(
  { environment, storage }: PipelineResources,
  pipeline: Pipeline,
): PolicyStatement[] {
  const keyArn = environment.storage.raw.existing?.keyArn;
  return [
    {
      sid: "ReadInputs",
      actions: ["s3:GetObject", "s3:GetObjectVersion"],
      resources: below(storage.raw, prefixesOf(pipeline)),
    },
    ...(keyArn === undefined ? [] : [useKey("Raw", keyArn, environment.region, "read")]),
  ];
}

/** Statement to list the versions of a pipeline's input objects. */
export function listInputs({ storage }: PipelineResources, pipeline: Pipeline): PolicyStatement {
  return {
    sid: "ListInputs",
    actions: ["s3:ListBucketVersions"],
    resources: [storage.raw.arn],
    condition: { StringLike: { "s3:prefix": prefixesOf(pipeline).map((prefix) => `${prefix}*`) } },
  };
}

/** Statements that let a role write rows for the audit, where there is one, in a folder of its own. */
export function writeAudit(
  { environment, storage }: PipelineResources,
  writer: Pipeline | typeof AUDIT_REJECTED,
): PolicyStatement[] {
  if (!environment.storage.audit.enabled) return [];
  const incoming = `${storage.curated.arn}/${AUDIT_INCOMING}${writer}/*`;
  return [{ sid: "WriteAudit", actions: ["s3:PutObject"], resources: [incoming] }];
}

/** Statements that let a job tell the audit which of the files that are gone were withdrawn. */
export function knowWithdrawals({ environment, storage }: PipelineResources): PolicyStatement[] {
  if (!environment.storage.audit.enabled) return [];
  const notes = `${storage.quarantine.arn}/quarantine/withdrawn/*/reason.json`;
  return [{ sid: "KnowWithdrawals", actions: ["s3:GetObject"], resources: [notes] }];
}

/** Objects of a bucket below prefixes. */
export function below({ arn }: NamedBucket, prefixes: readonly string[]): string[] {
  return prefixes.map((prefix) => `${arn}/${prefix}*`);
}

/**
 * Statement that lets a job admit undeclared columns to the tables of its datasets: each is an item of its own.
 *
 * @see https://repost.aws/knowledge-center/dynamodb-table-restrict-attributes (2026-11-30)
 */
export function admitColumns(control: DynamodbTable, datasets: readonly string[]): PolicyStatement {
  return useControlItems(
    "AdmitColumns",
    control,
    ["dynamodb:GetItem", "dynamodb:UpdateItem"],
    columnItems(datasets),
  );
}

/** Items of the control table that have the undeclared columns of datasets. */
export function columnItems(datasets: readonly string[]): string[] {
  return datasets.map((dataset) => `columns#${dataset}`);
}

/** Statement that allows actions on some items of the control table, whose names may have a `*`. */
export function useControlItems(
  sid: string,
  control: DynamodbTable,
  actions: readonly string[],
  items: readonly string[],
): PolicyStatement {
  const operator = items.some((item) => item.includes("*")) ? "StringLike" : "StringEquals";
  return {
    sid,
    actions,
    resources: [control.arn],
    condition: { [`ForAllValues:${operator}`]: { "dynamodb:LeadingKeys": [...items] } },
  };
}
