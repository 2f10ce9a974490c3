import { AthenaClient } from "@aws-sdk/client-athena";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GlueClient } from "@aws-sdk/client-glue";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { STSClient } from "@aws-sdk/client-sts";
import type { Environment } from "../../../environments/schema";
import { CLIENT_SETTINGS } from "../../../runtime/aws/clients";
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

export function connect({ region, storage }: Environment): Clients {
  const settings = { ...CLIENT_SETTINGS, region };
  return {
    athena: new AthenaClient(settings),
    cloudwatch: new CloudWatchClient(settings),
    dynamo: new DynamoDBClient(settings),
    glue: new GlueClient(settings),
    lambda: new LambdaClient(settings),
    logs: new CloudWatchLogsClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: storage.pathStyle }),
    sns: new SNSClient(settings),
    sqs: new SQSClient(settings),
    sts: new STSClient(settings),
  };
}

/** Closes connections, so that the process can end. */
export function disconnect(aws: object): void {
  for (const client of Object.values(aws) as { destroy(): void }[]) client.destroy();
}
