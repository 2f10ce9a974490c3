import type { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table";
import type { PolicyStatement } from "../../constructs/policy";
import { alertSource, type Environment } from "../../environments/schema";
import type { LedgerStack } from "../ledger/stack";
import type { StorageStack } from "../storage/stack";

/** Resources that a pipeline depends on. */
export interface PipelineResources {
  readonly environment: Environment;
  readonly storage: StorageStack;
  readonly ledger: LedgerStack;
}

/** Statement that allows events under the environment's own source, and no other. */
export function putOwnEvents(sid: string, environment: Environment): PolicyStatement {
  return {
    sid,
    actions: ["events:PutEvents"],
    resources: [`arn:aws:events:${environment.region}:${environment.account}:event-bus/default`],
    condition: { StringEquals: { "events:source": alertSource(environment) } },
  };
}

/**
 * Statement that lets a reader compare the KMS key of an object that it was denied with its bucket's, and so
 * tell a sender's key from a permission that it lacks itself.
 */
export function readRawKey({ storage }: PipelineResources): PolicyStatement {
  return { sid: "ReadRawKey", actions: ["s3:GetEncryptionConfiguration"], resources: [storage.raw.arn] };
}

/**
 * Statement that lets a job admit undeclared columns to the tables of its datasets: each is an item of its own.
 *
 * @see https://repost.aws/knowledge-center/dynamodb-table-restrict-attributes (2026-11-30)
 */
export function admitColumns(control: DynamodbTable, datasets: readonly string[]): PolicyStatement {
  return {
    sid: "AdmitColumns",
    actions: ["dynamodb:GetItem", "dynamodb:UpdateItem"],
    resources: [control.arn],
    condition: {
      "ForAllValues:StringEquals": {
        "dynamodb:LeadingKeys": datasets.map((dataset) => `columns#${dataset}`),
      },
    },
  };
}
