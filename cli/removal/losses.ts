import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetJobRunsCommand, type GlueClient } from "@aws-sdk/client-glue";
import { ListObjectVersionsCommand, type S3Client } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { ACTIVE_STATES } from "../../runtime/glue-states";
import type { Removed } from "./configurations";

/** Clients that tell what a resource holds. */
export interface LossClients {
  readonly dynamo: Pick<DynamoDBClient, "send">;
  readonly glue: Pick<GlueClient, "send">;
  readonly s3: Pick<S3Client, "send">;
  readonly sqs: Pick<SQSClient, "send">;
}

/** What the removal of resources takes along. */
export interface Losses {
  /** Data that is lost, a line each. */
  readonly data: readonly string[];
  /** What goes in addition, a line each. */
  readonly others: readonly string[];
  /** Reasons why the removal would fail half-way, or leave work running, a line each. */
  readonly obstacles: readonly string[];
}

interface Loss {
  readonly data?: string;
  readonly other?: string;
  readonly obstacle?: string | undefined;
}

type Attributes = Removed["attributes"];

const LIFT = "deploy once with deletionGuard: false while the settings still have it";

/**
 * Kinds of resources that hold something, and what one holds. All else can be made again.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.md (2026-11-30)
 */
const HOLDERS: Readonly<Record<string, (attributes: Attributes, clients: LossClients) => Promise<Loss>>> = {
  aws_dynamodb_table: async ({ name, deletion_protection_enabled }, { dynamo }) => {
    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: String(name) }));
    return {
      data: `table ${name} with about ${(Table?.ItemCount ?? 0).toLocaleString("en-US")} items`,
      obstacle: deletion_protection_enabled ? `table ${name} is protected from deletion: ${LIFT}` : undefined,
    };
  },
  aws_db_instance: async ({ identifier, skip_final_snapshot, deletion_protection }) => ({
    data: `PostgreSQL server ${identifier}, ${skip_final_snapshot ? "without" : "but for"} a final snapshot`,
    obstacle: deletion_protection
      ? `PostgreSQL server ${identifier} is protected from deletion: ${LIFT}`
      : undefined,
  }),
  aws_s3_bucket: async ({ bucket, force_destroy }, { s3 }) => {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: String(bucket), MaxKeys: 1 }),
    );
    const isEmpty = Versions.length + DeleteMarkers.length === 0;
    return {
      data: `bucket ${bucket}, ${isEmpty ? "which is empty" : "with all its objects"}`,
      obstacle:
        isEmpty || force_destroy
          ? undefined
          : `bucket ${bucket} has objects: empty it, or deploy once with storage.forceDestroy: true while the settings still have it`,
    };
  },
  aws_sqs_queue: async ({ name, url }, { sqs }) => {
    const messages = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: String(url), AttributeNames: [...messages] }),
    );
    const count = messages.reduce((sum, each) => sum + Number(Attributes[each] ?? 0), 0);
    return count > 0 ? { data: `queue ${name} with ${count} messages` } : { other: `queue ${name}, empty` };
  },
  aws_glue_catalog_table: async ({ name }) => ({
    data: `table or view ${name} of the catalog; its files in the curated bucket stay`,
  }),
  aws_kms_key: async ({ description, deletion_window_in_days }) => ({
    data: `key of ${description}, after ${deletion_window_in_days} days`,
  }),
  aws_cloudwatch_log_group: async ({ name }) => ({ other: `log group ${name}` }),
  aws_glue_job: async ({ name }, { glue }) => {
    const { JobRuns = [] } = await glue.send(new GetJobRunsCommand({ JobName: String(name) }));
    const run = JobRuns.find(({ JobRunState = "" }) => ACTIVE_STATES.includes(JobRunState));
    // AWS does not say what becomes of a run whose job is deleted; one that streams would cost on
    return run === undefined
      ? {}
      : {
          obstacle: `job ${name} is at work (${run.Id}): wait for its end; while the settings still have it, tributary manifests stop --wait ends the streaming one`,
        };
  },
};

const GONE = new Set([
  "AWS.SimpleQueueService.NonExistentQueue",
  "EntityNotFoundException",
  "NoSuchBucket",
  "QueueDoesNotExist",
  "ResourceNotFoundException",
]);

/** Tells what the removal of these resources takes along. */
export async function lossesOf(removed: readonly Removed[], clients: LossClients): Promise<Losses> {
  const losses = await Promise.all(removed.map((each) => lossOf(each, clients)));
  return {
    data: losses.flatMap(({ data = [] }) => data),
    others: losses.flatMap(({ other = [] }) => other),
    obstacles: losses.flatMap(({ obstacle = [] }) => obstacle),
  };
}

async function lossOf({ type, attributes }: Removed, clients: LossClients): Promise<Loss> {
  try {
    return (await HOLDERS[type]?.(attributes, clients)) ?? {};
  } catch (error) {
    // somebody removed it by hand
    if (GONE.has((error as Error).name)) return {};
    throw error;
  }
}
