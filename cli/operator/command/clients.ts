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
import type { Clients } from "./operator";

/** Makes all clients; `sts` may be there already. */
export function connect({ region, storage }: Environment, sts?: STSClient): Clients {
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
    sts: sts ?? new STSClient(settings),
  };
}
