import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import { describe } from "@jest/globals";
import { MemoryAws } from "../support/memory-aws";
import { testServices } from "./services";

describe("the double of DynamoDB and S3", () => {
  const client = new MemoryAws().client<DynamoDBClient & S3Client>();
  testServices(() => ({ dynamo: client, s3: client }));
});
