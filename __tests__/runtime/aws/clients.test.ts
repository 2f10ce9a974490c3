import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GlueClient } from "@aws-sdk/client-glue";
import { afterEach, describe, expect, test } from "@jest/globals";
import { CLIENT_SETTINGS } from "../../../runtime/aws/clients";
import { requestRun } from "../../../runtime/aws/job-run";
import { SYSTEM_CLOCK } from "../../../runtime/clock";
import { registerUpload } from "../../../runtime/uploads/uploads";
import { keepLogs } from "../../handlers/support/logs";

const UPLOAD = { bucket: "raw", key: "input/customers/a.csv", version: "v1", size: 1 };

let server: Server | undefined;

/** A service that refuses so many calls before it takes one; resolves to its endpoint. */
async function serviceThatRefuses(refusals: number, type: string, calls: string[]): Promise<string> {
  const started = createServer((request, response) => {
    calls.push(String(request.headers["x-amz-target"]).split(".")[1] ?? "");
    const refuse = calls.length <= refusals;
    response.writeHead(refuse ? 400 : 200, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(refuse ? { __type: type, message: type } : { JobRunId: "jr_1" }));
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

function settings(endpoint: string) {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return { ...CLIENT_SETTINGS, endpoint, region: "us-east-1", credentials };
}

describe("clients with these settings", () => {
  keepLogs();

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  test("survive a DynamoDB that throttles", async () => {
    const calls: string[] = [];
    const endpoint = await serviceThatRefuses(2, "ProvisionedThroughputExceededException", calls);
    const uploads = { client: new DynamoDBClient(settings(endpoint)), name: "uploads" };
    await expect(registerUpload(uploads, UPLOAD, "event", SYSTEM_CLOCK.now())).resolves.toBe("registered");
    expect(calls).toEqual(["PutItem", "PutItem", "PutItem"]);
  });

  test("survive a Glue that throttles", async () => {
    const calls: string[] = [];
    const endpoint = await serviceThatRefuses(2, "ThrottlingException", calls);
    const job = { client: new GlueClient(settings(endpoint)), name: "uploads-job" };
    await expect(requestRun(job)).resolves.toBe("started");
    expect(calls).toEqual(["StartJobRun", "StartJobRun", "StartJobRun"]);
  });

  test("ask once when runs are there already, and call it success", async () => {
    const calls: string[] = [];
    const endpoint = await serviceThatRefuses(9, "ConcurrentRunsExceededException", calls);
    const job = { client: new GlueClient(settings(endpoint)), name: "uploads-job" };
    await expect(requestRun(job)).resolves.toBe("running");
    expect(calls).toEqual(["StartJobRun"]);
  });

  test("give up after six attempts at most", async () => {
    expect(await new GlueClient(settings("http://127.0.0.1:9")).config.maxAttempts()).toBe(6);
  });
});
