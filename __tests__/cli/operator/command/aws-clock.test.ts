import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, describe, expect, test } from "@jest/globals";
import { awsClock } from "../../../../cli/operator/command/aws-clock";

let server: Server;
afterEach(() => {
  server.close();
});

async function clockBehindBy(milliseconds: number): Promise<Date> {
  server = createServer((_, response) => {
    response.setHeader("Date", new Date(Date.now() + milliseconds).toUTCString());
    response.end("<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: "x", secretAccessKey: "x" };
  const sts = new STSClient({ endpoint, region: "us-east-1", credentials });
  const clock = awsClock(sts);
  await sts.send(new GetCallerIdentityCommand({}));
  sts.destroy();
  return clock();
}

describe("the clock", () => {
  test.each([
    ["behind", 120_000],
    ["ahead", -120_000],
  ])("is AWS's on a machine that is %s", async (_, milliseconds) => {
    const began = Date.now();
    const told = (await clockBehindBy(milliseconds)).getTime() - milliseconds;
    expect(told).toBeGreaterThanOrEqual(began);
    // the header that it is read from has whole seconds
    expect(told).toBeLessThan(Date.now() + 1000);
  });
});
