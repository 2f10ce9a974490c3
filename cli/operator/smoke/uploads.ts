import {
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { bucketName, uploadsJobName, uploadsTableName } from "../../../environments/schema";
import { SMOKE_DATASETS } from "../../../runtime/smoke";
import { listObjects } from "../manifests/objects";
import type { Found } from "./checks";
import { readLetters, readRows } from "./reading";
import { type Below, type Removed, removeItem, removeObjects } from "./removal";
import { hopeless, runsSince, runWords } from "./runs";
import { type Look, PipelineTest } from "./test";

/** Test of the uploads pipeline, whose function starts a run by itself. */
export class UploadsTest extends PipelineTest {
  readonly wanted = "processed";
  readonly awaited = "an outcome in the uploads table";
  private status: string | undefined;
  private reason: string | undefined;

  get job(): string {
    return uploadsJobName(this.operator.environment);
  }

  async obstacle(): Promise<undefined> {
    return undefined;
  }

  async look(): Promise<Look> {
    const { aws } = this.operator;
    const { Item } = await aws.dynamo.send(
      new GetItemCommand({
        TableName: this.table,
        Key: { object: { S: this.object }, version: { S: this.version } },
        ConsistentRead: true,
      }),
    );
    this.status = Item?.["status"]?.S;
    this.reason = Item?.["last_error"]?.S;
    if (this.status === undefined) return { state: "not in the uploads table", ended: false };
    const runs = await runsSince(this.operator, this.job, this.sentAt);
    const ended = this.status !== "pending";
    return {
      state: `${this.status}, ${runWords(this.job, runs)}`,
      ended,
      ...(ended ? {} : { hopeless: hopeless(this.job, runs) }),
    };
  }

  async found(): Promise<Found> {
    const letters = await this.letterKeys();
    return {
      status: this.status ?? "",
      reason: this.reason,
      rows: await readRows(this.operator, this.sent),
      deadLetters: (await Promise.all(letters.map((key) => readLetters(this.operator, key)))).flat(),
    };
  }

  /** Deletes the pending item, unless a run holds the object; without an item, the event may still come. */
  async withdraw(): Promise<boolean> {
    const [TableName, object] = [this.table, { S: this.object }];
    const Delete = {
      TableName,
      Key: { object, version: { S: this.version } },
      ConditionExpression: "#status = :pending",
      ExpressionAttributeNames: { "#status": "status" },
      ExpressionAttributeValues: { ":pending": { S: "pending" } },
    };
    const ConditionCheck = {
      TableName,
      Key: { object, version: { S: "#head" } },
      ConditionExpression: "attribute_not_exists(lease_until) OR lease_until < :now",
      ExpressionAttributeValues: { ":now": { N: String(Date.now()) } },
    };
    try {
      const transaction = new TransactWriteItemsCommand({ TransactItems: [{ Delete }, { ConditionCheck }] });
      await this.operator.aws.dynamo.send(transaction);
      return true;
    } catch (error) {
      if (error instanceof TransactionCanceledException) return false;
      throw error;
    }
  }

  async remove(): Promise<Removed> {
    const { Items = [] } = await this.operator.aws.dynamo.send(
      new QueryCommand({
        TableName: this.table,
        KeyConditionExpression: "#object = :object",
        ExpressionAttributeNames: { "#object": "object" },
        ExpressionAttributeValues: { ":object": { S: this.object } },
        ConsistentRead: true,
      }),
    );
    const objects = await removeObjects(this.operator, this.places);
    for (const { object, version } of Items) {
      if (object && version) await removeItem(this.operator, this.table, { object, version });
    }
    return { objects, left: [] };
  }

  private get table(): string {
    return uploadsTableName(this.operator.environment);
  }

  private get object(): string {
    return `${bucketName(this.operator.environment, "raw")}/${this.sent.key}`;
  }

  private get places(): Below[] {
    const outputs = `${SMOKE_DATASETS.uploads}/${this.sent.label}-`;
    return [
      { bucket: "raw", prefix: this.sent.key },
      ...["tables", "stats"].map((folder) => ({
        bucket: "curated" as const,
        prefix: `${folder}/${outputs}`,
      })),
      ...["dead-letters", "files"].map((folder) => ({
        bucket: "quarantine" as const,
        prefix: `${folder}/${outputs}`,
      })),
    ];
  }

  private async letterKeys(): Promise<string[]> {
    const bucket = bucketName(this.operator.environment, "quarantine");
    const prefix = `dead-letters/${SMOKE_DATASETS.uploads}/${this.sent.label}-`;
    const keys: string[] = [];
    for await (const { key } of listObjects(this.operator, bucket, prefix)) keys.push(key);
    return keys;
  }
}
