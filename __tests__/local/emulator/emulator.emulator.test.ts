import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AthenaClient,
  CreateWorkGroupCommand,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from "@aws-sdk/client-athena";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  type Emulator,
  type EmulatorOptions,
  REGION,
  ROOT_CREDENTIALS,
  startEmulator,
} from "../../../local/emulator/emulator";
import { ensurePython } from "../../../setup/python";
import { eventually } from "../../support/eventually";
import { invokeFunction, isRunning } from "../platform";
import { answersToStrangers, type PlainRequest, presigned, send, signed } from "../strangers";

let folder: string;
let python: string;
const started: Emulator[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
  ({ python } = await ensurePython("run", () => undefined));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((emulator) => emulator.stop()));
  rmSync(folder, { recursive: true });
});

async function start(
  name = "one",
  options: Pick<EmulatorOptions, "glueEndpoint" | "port" | "variables"> = {},
): Promise<Emulator> {
  const emulator = await startEmulator({ python, folder: join(folder, name), ...options });
  started.push(emulator);
  return emulator;
}

function clientOf(emulator: Emulator) {
  return { endpoint: emulator.endpoint, region: REGION, credentials: ROOT_CREDENTIALS };
}

function invoke(emulator: Emulator, source: string) {
  return invokeFunction(clientOf(emulator), folder, source);
}

describe("the emulator", () => {
  test("starts several times at once, each on a loopback port of its own", async () => {
    const emulators = await Promise.all(["one", "two", "three"].map((name) => start(name)));
    expect(new Set(emulators.map((emulator) => emulator.endpoint)).size).toBe(3);
    for (const { endpoint } of emulators) expect(new URL(endpoint).hostname).toBe("127.0.0.1");
  });

  test("names the port that is taken and its log", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    try {
      await expect(start("one", { port })).rejects.toThrow(
        new RegExp(`did not start: port ${port} of 127.0.0.1 cannot be used .*; see .*emulator\\.log`),
      );
    } finally {
      taken.close();
    }
  });

  test("gives a function the Glue endpoint, the variables that were given, and nothing of the user's environment", async () => {
    process.env["TRIBUTARY_TEST_SECRET"] = "visible";
    const emulator = await start("one", {
      glueEndpoint: "http://127.0.0.1:9",
      variables: { PGHOST: "127.0.0.1", HOME: "/not/this" },
    });
    delete process.env["TRIBUTARY_TEST_SECRET"];
    const { variables } = await invoke(
      emulator,
      "exports.handler = async () => ({ variables: process.env });",
    );
    expect(variables).toMatchObject({
      AWS_ENDPOINT_URL: emulator.endpoint,
      AWS_ENDPOINT_URL_GLUE: "http://127.0.0.1:9",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      OWN: "1",
      PGHOST: "127.0.0.1",
    });
    expect(variables).not.toHaveProperty("TRIBUTARY_TEST_SECRET");
    for (const name of ["TMPDIR", "HOME", "S3_DATA_DIR", "STATE_DIR"])
      expect(variables[name]).toContain(folder);
  });

  test("ends with its functions and temporary files when it is stopped", async () => {
    const emulator = await start();
    const { pid } = await invoke(emulator, "exports.handler = async () => ({ pid: process.pid });");
    expect(isRunning(pid)).toBe(true);
    await emulator.stop();
    await emulator.stop();
    expect(isRunning(pid)).toBe(false);
    expect(readdirSync(join(folder, "one"))).toEqual(["emulator.log"]);
  });

  test("refuses every page and every neighbour, and does nothing for them", async () => {
    const emulator = await start();
    const { endpoint } = emulator;
    const s3 = new S3Client({ ...clientOf(emulator), forcePathStyle: true });
    const lambda = new LambdaClient(clientOf(emulator));
    await s3.send(new CreateBucketCommand({ Bucket: "own" }));
    for (const [service, call] of STRANGERS_CALLS) {
      const answers = await answersToStrangers(endpoint, call, service);
      expect({ call, answers }).toEqual({
        call,
        answers: Object.fromEntries(Object.keys(answers).map((who) => [who, "refused"])),
      });
      expect(Object.keys(answers).length).toBeGreaterThan(10);
    }
    expect((await lambda.send(new ListFunctionsCommand())).Functions).toEqual([]);
    expect((await s3.send(new ListBucketsCommand())).Buckets).toMatchObject([{ Name: "own" }]);
    lambda.destroy();
    s3.destroy();
  });

  test("takes from its own clients what strangers may not send", async () => {
    const { endpoint } = await start();
    for (const [service, call] of STRANGERS_CALLS) {
      const { status = 0, text } = await send(endpoint, await signed(endpoint, call, { service }));
      expect([status < 300 ? "done" : text, call]).toEqual(["done", call]);
    }
  });

  test("holds strangers' bodies up to a limit of all, and takes as large ones of its own clients", async () => {
    const { endpoint } = await start();
    const body = "0".repeat(2 ** 27 + 1);
    const call = { method: "PUT", path: "/own/large", body } as const;
    for (const _ of [1, 2]) expect((await send(endpoint, call)).status).toBe(413);
    const bucket = { method: "PUT", path: "/own" } as const;
    expect((await send(endpoint, await signed(endpoint, bucket, { service: "s3" }))).status).toBe(200);
    expect((await send(endpoint, await presigned(endpoint, call))).status).toBe(200);
  });

  test("tells a stranger that it is up, a page not even that", async () => {
    const { endpoint } = await start();
    const health = { method: "GET", path: "/_ministack/health" } as const;
    expect((await send(endpoint, health)).status).toBe(200);
    expect((await send(endpoint, { ...health, headers: { origin: "null" } })).status).toBe(403);
    expect((await send(endpoint, { ...health, headers: { host: "evil.example" } })).status).toBe(403);
    expect((await send(endpoint, { ...health, method: "POST" })).status).toBe(400);
  });

  test("opens no WebSocket", async () => {
    const { endpoint } = await start();
    const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
    const headers = { ...upgrade, "sec-websocket-key": "c3RyYW5nZXJzIGtleS4uLg==" };
    expect((await send(endpoint, { method: "GET", path: "/", headers })).status).toBe(403);
  });

  test("runs Athena's SQL with UTC timestamps in the DuckDB of the lock", async () => {
    const emulator = await start();
    const s3 = new S3Client({ ...clientOf(emulator), forcePathStyle: true });
    const athena = new AthenaClient(clientOf(emulator));
    await s3.send(new CreateBucketCommand({ Bucket: "results" }));
    const ResultConfiguration = { OutputLocation: "s3://results/" };
    await athena.send(new CreateWorkGroupCommand({ Name: "sql", Configuration: { ResultConfiguration } }));
    const QueryString =
      "SELECT CAST('1.10' AS DECIMAL(18,2)) AS amount, TIMESTAMPTZ '2026-01-31 12:00:00+00' AS at";
    const { QueryExecutionId } = await athena.send(
      new StartQueryExecutionCommand({ QueryString, WorkGroup: "sql", ResultConfiguration }),
    );
    await eventually("its result", async () => {
      const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
      return QueryExecution?.Status?.State === "SUCCEEDED";
    });
    const { ResultSet } = await athena.send(new GetQueryResultsCommand({ QueryExecutionId }));
    const row = ResultSet?.Rows?.[1]?.Data?.map((cell) => cell.VarCharValue);
    expect(row).toEqual(["1.10", expect.stringContaining("2026-01-31 12:00:00")]);
    s3.destroy();
    athena.destroy();
  });

  test("keeps a function's own output in its log group", async () => {
    const emulator = await start();
    await invoke(emulator, "exports.handler = async () => { console.log('said'); return {}; };");
    const logs = new CloudWatchLogsClient(clientOf(emulator));
    const { events = [] } = await logs.send(
      new FilterLogEventsCommand({ logGroupName: "/aws/lambda/probe" }),
    );
    expect(events.map((event) => event.message).join("")).toContain("said");
    logs.destroy();
  });
});

const FUNCTION = {
  FunctionName: "evil",
  Runtime: "nodejs22.x",
  Handler: "index.handler",
  Role: "arn:aws:iam::000000000000:role/evil",
  // an archive of nothing
  Code: { ZipFile: "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==" },
};
/** What a stranger would do or see first, with the service of the signature. */
const STRANGERS_CALLS: readonly (readonly [string, PlainRequest])[] = [
  ["lambda", { method: "POST", path: "/2015-03-31/functions", body: JSON.stringify(FUNCTION) }],
  ["lambda", { method: "GET", path: "/2015-03-31/functions/" }],
  ["s3", { method: "PUT", path: "/evil" }],
  ["s3", { method: "GET", path: "/" }],
  ["s3", { method: "POST", path: "/_ministack/reset" }],
  ["s3", { method: "POST", path: "/_ministack/config", body: "{}" }],
];
