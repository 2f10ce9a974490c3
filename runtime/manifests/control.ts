/** The control table: what is wanted of the streaming job, and where sweeps go on. */
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

/** Item `streaming-job`. The operator writes the first three, the control plane the others. */
export interface StreamingJob {
  desired: "running" | "stopped";
  /** Workers of the next run; undefined: those of the deployment. */
  workers?: number;
  /** A run that began before this ends itself, and the next one starts at once. */
  restartRequestedAt?: Date;
  /** Ends in a row that nobody asked for. */
  failures: number;
  /** No run is started before. */
  nextStartAt?: Date;
  /** The newest run whose end was answered, and its start. */
  answered?: { runId: string; startedAt: Date };
  /** The last run that committed a manifest. */
  committedRunId?: string;
}

/** What an operator wants of the streaming job from now on; what is absent stays as it is. */
export interface StreamingJobOrder {
  desired?: "running" | "stopped";
  workers?: number;
  restartRequestedAt?: Date;
}

/** What the control plane remembers of an end that it answered. */
export interface AnsweredEnd {
  runId: string;
  startedAt: Date;
  failures: number;
  nextStartAt: Date | undefined;
}

const STREAMING_JOB = { name: { S: "streaming-job" } };

/** What stands in the table now. No item says: run, with the workers of the deployment. */
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

/** Writes down an order, and who gave it. */
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

/** Asks for a restart again, as of `at`, unless the order is another one by now. */
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
 * Remembers an end, unless that of the same run or of a later one is remembered already: events come twice and out
 * of order, and an end must count once.
 *
 * @returns whether this call did it
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

/** Remembers that a run committed a manifest. */
export async function recordCommit(control: ControlTable, runId: string): Promise<void> {
  await updated(control, {
    UpdateExpression: "SET committed_run = :run",
    ExpressionAttributeValues: { ":run": { S: runId } },
  });
}

/**
 * Makes of the failures in a row but one: the run whose end was answered last had committed a manifest, and the news
 * of it came later than that of its end.
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

/** The cursor of one part of a reconciler, as it was saved; undefined where none was. */
export async function readCursor<Cursor>(control: ControlTable, part: string): Promise<Cursor | undefined> {
  const item = await readItem(control, cursorKey(part));
  return item?.["cursor"]?.S === undefined ? undefined : (JSON.parse(item["cursor"].S) as Cursor);
}

/** Keeps a cursor. Two writers at once do no harm: the slower one makes a part of the work be done again. */
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
