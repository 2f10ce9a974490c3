/**
 * Request for a run, an item of the uploads table that all invocations of the trigger see: Glue throttles
 * StartJobRun at a few calls a second, and an upload of thousands of files would make as many.
 *
 * @see https://www.repost.aws/knowledge-center/glue-throttling-rate-exceeded (2026-11-30)
 */
import { DeleteItemCommand, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { conditionHeld } from "../aws/dynamo";
import { MINUTE_MS } from "../clock";
import { RUN_REQUEST } from "../indexes";
import type { UploadsTable } from "./uploads";

const KEY = { object: { S: RUN_REQUEST }, version: { S: "requested" } };

/**
 * Claims to be the one that asks for a run: true for one caller a minute, until the request is forgotten. False
 * means that somebody asked after the caller's uploads were registered or just before: the run that is there takes
 * them, or the look at the pending uploads that follows its end, since {@link forgetRequest} comes before it. Only
 * where the asking failed do they wait for the next upload a minute later, or for the reconciler.
 */
export async function claimRequest(uploads: UploadsTable, now: Date): Promise<boolean> {
  // a consistent read costs a fifth of a refused write, and one partition takes three times as many
  const get = new GetItemCommand({ TableName: uploads.name, Key: KEY, ConsistentRead: true });
  const { Item: item } = await uploads.client.send(get);
  if ((item?.["held_until"]?.S ?? "") > now.toISOString()) return false;
  const update = new UpdateItemCommand({
    TableName: uploads.name,
    Key: KEY,
    UpdateExpression: "SET held_until = :until",
    ConditionExpression: "attribute_not_exists(held_until) OR held_until <= :now",
    ExpressionAttributeValues: {
      ":now": { S: now.toISOString() },
      ":until": { S: new Date(now.getTime() + MINUTE_MS).toISOString() },
    },
  });
  return conditionHeld(uploads.client.send(update));
}

/** Forgets the request: whoever registers an upload from now on asks by itself. */
export async function forgetRequest(uploads: UploadsTable): Promise<void> {
  await uploads.client.send(new DeleteItemCommand({ TableName: uploads.name, Key: KEY }));
}
