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
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
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
import { functionArchive, isRunning } from "../platform";

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
    for (const name of ["TMPDIR", "HOME"]) expect(variables[name]).toContain(folder);
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

/** Deploys `source` as a function and returns what it answers. */
async function invoke(emulator: Emulator, source: string) {
  const lambda = new LambdaClient(clientOf(emulator));
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: "probe",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: "arn:aws:iam::000000000000:role/probe",
      Code: { ZipFile: functionArchive(python, folder, source) },
      Environment: { Variables: { OWN: "1" } },
    }),
  );
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 10 }, { FunctionName: "probe" });
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: "probe" }));
  lambda.destroy();
  return JSON.parse(Buffer.from(Payload ?? []).toString());
}
