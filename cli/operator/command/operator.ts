import type { AthenaClient } from "@aws-sdk/client-athena";
import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { GlueClient } from "@aws-sdk/client-glue";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SNSClient } from "@aws-sdk/client-sns";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { STSClient } from "@aws-sdk/client-sts";
import type { Environment } from "../../../environments/schema";
import type { Terminal } from "./terminal";

/** Clients of the services that an operator's commands use. */
export interface Clients {
  readonly athena: AthenaClient;
  readonly cloudwatch: CloudWatchClient;
  readonly dynamo: DynamoDBClient;
  readonly glue: GlueClient;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  readonly sts: STSClient;
}

/** Context of every command. */
export interface Operator {
  readonly environment: Environment;
  readonly aws: Clients;
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C: a command ends between two items, never within one. */
  readonly signal: AbortSignal;
  /** Start of the command, by AWS's clock. */
  readonly now: Date;
}

/** Closes connections, so that the process can end. */
export function disconnect(aws: object): void {
  for (const client of Object.values(aws) as { destroy(): void }[]) client.destroy();
}
