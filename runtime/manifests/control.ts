/** Control table: the desired state of the streaming job, and the cursors of sweeps. */
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { conditionHeld, type Item, updateExpression } from "../aws/dynamo";

export interface ControlTable {
  client: DynamoDBClient;
  name: string;
}

/** Item `streaming-job`. The operator writes the first three fields, the control plane the others. */
export interface StreamingJob {
  desired: "running" | "stopped";
  /** Number of workers of the next run; undefined: that of the deployment. */
  workers?: number;
  /** A run that began before this time ends itself, and the next one starts immediately. */
  restartRequestedAt?: Date;
  /** Consecutive ends that nobody asked for. */
  failures: number;
  /** Earliest time of the next run. */
  nextStartAt?: Date;
  /** Newest run whose end was answered, and its start. */
  answered?: { runId: string; startedAt: Date };
  /** Last run that committed a manifest. */
  committedRunId?: string;
}

/** Change that an operator orders; absent fields stay as they are. */
export interface StreamingJobOrder {
  desired?: "running" | "stopped";
  workers?: number;
  restartRequestedAt?: Date;
}

/** Record of a run's end that the control plane answered. */
export interface AnsweredEnd {
  runId: string;
  startedAt: Date;
  failures: number;
  nextStartAt: Date | undefined;
}

const STREAMING_JOB = { name: { S: "streaming-job" } };

/** Reads the item. Without one, the job is to run with the workers of the deployment. */
export async function readStreamingJob(control: ControlTable): Promise<StreamingJob> {
  const item = (await readItem(control, STREAMING_JOB)) ?? {};
  const startedAt = dateOf(item["answered_run_started_at"]);
  return {
    desired: item["desired"]?.S === "stopped" ? "stopped" : "running",
    failures: Number(item["failures"]?.N ?? 0),
    ...defined("workers", item["workers"]?.N === undefined ? undefined : Number(item["workers"].N)),
    ...defined("restartRequestedAt", dateOf(item["restart_requested_at"])),
    ...defined("nextStartAt", dateOf(item["next_start_at"])),
    ...defined("answered", startedAt && { runId: item["answered_run"]?.S ?? "", startedAt }),
    ...defined("committedRunId", item["committed_run"]?.S),
  };
}

/** Records an order, and who gave it. */
export async function orderStreamingJob(
  control: ControlTable,
  { desired, workers, restartRequestedAt }: StreamingJobOrder,
  by: string,
  now: Date,
): Promise<void> {
  const values: Item = {
    ...(desired === undefined ? {} : { desired: { S: desired } }),
    ...(workers === undefined ? {} : { workers: { N: String(workers) } }),
    ...(restartRequestedAt === undefined
      ? {}
      : { restart_requested_at: { S: restartRequestedAt.toISOString() } }),
    updated_at: { S: now.toISOString() },
    updated_by: { S: by },
  };
  await updated(control, updateExpression(values));
}

/** Renews the request for a restart, with the time `at`, unless it was replaced by another meanwhile. */
export async function renewRestart(control: ControlTable, requested: Date, at: Date): Promise<void> {
  await updated(control, {
    UpdateExpression: "SET restart_requested_at = :at",
    ConditionExpression: "restart_requested_at = :requested",
    ExpressionAttributeValues: {
      ":at": { S: at.toISOString() },
      ":requested": { S: requested.toISOString() },
    },
  });
}

/**
 * Records the end of a run, unless that of the same run or of a later one is recorded already: events come
 * twice and out of order, and an end must count once.
 *
 * @returns whether this call recorded it
 */
export async function recordEnd(control: ControlTable, end: AnsweredEnd): Promise<boolean> {
  const values: Item = {
    answered_run: { S: end.runId },
    answered_run_started_at: { S: end.startedAt.toISOString() },
    failures: { N: String(end.failures) },
    ...(end.nextStartAt ? { next_start_at: { S: end.nextStartAt.toISOString() } } : {}),
  };
  return updated(control, {
    ...updateExpression(values, end.nextStartAt ? [] : ["next_start_at"]),
    ConditionExpression:
      "attribute_not_exists(answered_run_started_at) OR answered_run_started_at < :answered_run_started_at",
  });
}

/** Records that a run committed a manifest. */
export async function recordCommit(control: ControlTable, runId: string): Promise<void> {
  await updated(control, {
    UpdateExpression: "SET committed_run = :run",
    ExpressionAttributeValues: { ":run": { S: runId } },
  });
}

/**
 * Resets the consecutive failures to one: the run whose end was answered last had committed a manifest, and
 * that event arrived after the one of its end.
 */
export async function forgetFailures(
  control: ControlTable,
  runId: string,
  nextStartAt: Date,
): Promise<boolean> {
  return updated(control, {
    UpdateExpression: "SET failures = :one, next_start_at = :next",
    ConditionExpression: "answered_run = :run AND failures > :one",
    ExpressionAttributeValues: {
      ":run": { S: runId },
      ":one": { N: "1" },
      ":next": { S: nextStartAt.toISOString() },
    },
  });
}

/** Reads the cursor of one part of a reconciler; undefined where none was saved. */
export async function readCursor<Cursor>(control: ControlTable, part: string): Promise<Cursor | undefined> {
  const item = await readItem(control, cursorKey(part));
  return item?.["cursor"]?.S === undefined ? undefined : (JSON.parse(item["cursor"].S) as Cursor);
}

/**
 * Saves a cursor. Two concurrent writers do no harm: the slower one makes a part of the work be done again.
 */
export async function saveCursor(
  control: ControlTable,
  part: string,
  cursor: object,
  now: Date,
): Promise<void> {
  const item = {
    ...cursorKey(part),
    cursor: { S: JSON.stringify(cursor) },
    updated_at: { S: now.toISOString() },
  };
  await control.client.send(new PutItemCommand({ TableName: control.name, Item: item }));
}

function cursorKey(part: string): { name: { S: string } } {
  return { name: { S: `cursor#${part}` } };
}

async function readItem(control: ControlTable, key: Item): Promise<Item | undefined> {
  const get = new GetItemCommand({ TableName: control.name, Key: key, ConsistentRead: true });
  return (await control.client.send(get)).Item;
}

type Update = Omit<UpdateItemCommandInput, "TableName" | "Key">;

async function updated(control: ControlTable, update: Update): Promise<boolean> {
  const command = new UpdateItemCommand({ TableName: control.name, Key: STREAMING_JOB, ...update });
  return conditionHeld(control.client.send(command));
}

function dateOf(attribute: AttributeValue | undefined): Date | undefined {
  return attribute?.S === undefined ? undefined : new Date(attribute.S);
}

function defined<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [Key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: Value };
}
