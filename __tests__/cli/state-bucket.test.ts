import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ensureStateBucket } from "../../cli/state-bucket";
import { loadEnvironment } from "../../environments/schema";
import { CommandError } from "../../setup/errors";

const requests: (string | undefined)[] = [];
const server = createServer((request, response) => {
  requests.push(request.method);
  response.writeHead(403).end();
});
let s3: S3Client;

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  s3 = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
    forcePathStyle: true,
  });
});

afterEach(async () => {
  s3.destroy();
  await new Promise((resolve) => server.close(resolve));
});

describe("a state bucket that the credentials may not see", () => {
  test("is left alone, and the error names both ways out", async () => {
    const refused = ensureStateBucket(s3, loadEnvironment("prod"));
    await expect(refused).rejects.toThrow(CommandError);
    await expect(refused).rejects.toThrow(
      "S3 forbids a look at the state bucket tributary-state-333333333333-us-east-1 (403): either it belongs to " +
        "another account than 333333333333, then choose another project name, or the credentials lack s3:ListBucket on it",
    );
    expect(requests).toEqual(["HEAD"]);
  });
});
