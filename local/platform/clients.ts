import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GlueClient } from "@aws-sdk/client-glue";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import type { LocalAws } from "./aws";

/** Settings by which an SDK client reaches the platform, Glue's excepted. */
export interface ClientSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Clients of the running platform, as the account's root. */
export interface Clients {
  readonly settings: ClientSettings;
  readonly s3: S3Client;
  readonly dynamo: DynamoDBClient;
  readonly glue: GlueClient;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
}

export function clientsOf(aws: Pick<LocalAws, "endpoint" | "glueEndpoint" | "environment">): Clients {
  const variables = aws.environment;
  const settings = {
    endpoint: aws.endpoint,
    region: variables["AWS_REGION"] ?? "",
    credentials: {
      accessKeyId: variables["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: variables["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  };
  return {
    settings,
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    dynamo: new DynamoDBClient(settings),
    glue: new GlueClient({ ...settings, endpoint: aws.glueEndpoint }),
    lambda: new LambdaClient(settings),
    logs: new CloudWatchLogsClient(settings),
  };
}
