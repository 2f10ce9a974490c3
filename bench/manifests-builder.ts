/**
 * `npm run bench -- manifests-builder`: one manifest builder over a million files, each of its calls answered after
 * 5 ms by a stub that counts and forgets, so that memory shows what the builder itself keeps: nothing. Batches are
 * made before the clock starts. A row with real clients, their requests stubbed, says what the SDK adds.
 */
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { buildManifests } from "../handlers/manifests-builder/build-manifests";
import type { Builder } from "../handlers/manifests-builder/builder";
import type { Message } from "../runtime/aws/queue-messages";
import { SYSTEM_CLOCK } from "../runtime/clock";
import { whole } from "../setup/arguments";
import { command, runToExitCode } from "../setup/command";
import { print, printJson } from "../setup/terminal";

const MIN_FILES_A_SECOND = 5_000;
/** Messages of an invocation: the default of the setting `manifests.eventSource.batchSize`. */
const BATCH = 1_000;
const FILE_BYTES = 3_500_000;
/** Number of files before those that count, for V8 compiles what runs often. */
const MAX_WARM_UP = 50_000;
const MAX_WITH_SDK = 20_000;

interface Options {
  files: number;
  latency: number;
  json?: true;
}

/** Measurement of a stretch of files. */
interface Measured {
  files: number;
  /** Seconds by the clock. */
  seconds: number;
  cpuSeconds: number;
  calls: number;
  tableUnits: number;
  indexUnits: number;
  /** Heap in use afterwards, once garbage is collected; NaN where that was not done. */
  heapMegabytes: number;
}

interface Row extends Measured {
  name: string;
}

type Item = Record<string, AttributeValue>;

/** Answers every call as if nothing had been there before. */
class Stub {
  calls = 0;
  tableUnits = 0;
  indexUnits = 0;

  constructor(private readonly latencyMs: number) {}

  async answer(input: { Item?: Item }): Promise<object> {
    this.calls++;
    if (input.Item) {
      this.tableUnits += Math.ceil(bytesOf(input.Item) / 1_024);
      this.indexUnits += "open_shard" in input.Item ? 1 : 0;
    }
    await sleep(this.latencyMs);
    return {};
  }

  /** Clients at the boundary of the SDK. */
  clients(): { dynamo: DynamoDBClient; s3: S3Client } {
    const client = { send: (command: { input: { Item?: Item } }) => this.answer(command.input) };
    return { dynamo: client as unknown as DynamoDBClient, s3: client as unknown as S3Client };
  }

  /** Clients below the SDK: they do all but send. */
  sdkClients(): { dynamo: DynamoDBClient; s3: S3Client } {
    const handle = async ({ body }: { body?: unknown }) => {
      const bytes = body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.length) : "";
      const text = bytes.toString();
      await this.answer(text.includes('"TableName"') ? JSON.parse(text) : {});
      return { response: { statusCode: 200, headers: {}, body: Buffer.from("{}") } };
    };
    const settings = {
      region: "us-east-1",
      credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
      requestHandler: { handle },
    };
    return { dynamo: new DynamoDBClient(settings), s3: new S3Client(settings) };
  }
}

function bytesOf(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + name.length + Buffer.byteLength(String(value.S ?? value.N)),
    0,
  );
}

function builder({ dynamo, s3 }: { dynamo: DynamoDBClient; s3: S3Client }): Builder {
  const size = { bytes: FILE_BYTES, tolerance: 0.1 };
  return {
    table: { client: dynamo, name: "bench", shards: 16 },
    manifests: { client: s3, name: "bench" },
    quarantine: { client: s3, name: "bench" },
    settings: {
      datasets: [{ name: "clicks", prefix: "input/clicks/", from: "2020-01-01", size }],
      limits: { bytes: 1_000_000_000, files: 1_000 },
    },
    claimMs: 240_000,
    metrics: { namespace: "bench", environment: "bench" },
    clock: SYSTEM_CLOCK,
  };
}

/** Builds messages as S3 writes them, of files that were never seen. */
function messages(first: number, count: number): Message[] {
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    const key = `input/clicks/2026-01-${10 + (number % 3)}-${String(number).padStart(9, "0")}.ndjson`;
    const record = {
      eventVersion: "2.1",
      eventSource: "aws:s3",
      awsRegion: "us-east-1",
      eventTime: "2026-01-31T12:00:00.000Z",
      eventName: "ObjectCreated:Put",
      userIdentity: { principalId: "AWS:AIDAJDPLRKLG7UEXAMPLE" },
      requestParameters: { sourceIPAddress: "10.0.0.1" },
      s3: {
        s3SchemaVersion: "1.0",
        configurationId: "inputs",
        bucket: { name: "bench-raw", ownerIdentity: { principalId: "A3NL1KOZZKExample" } },
        object: {
          key,
          size: FILE_BYTES,
          eTag: "d41d8cd98f00b204e9800998ecf8427e",
          versionId: `v${String(number).padStart(31, "0")}`,
          sequencer: number.toString(16).toUpperCase().padStart(18, "0"),
        },
      },
    };
    return { messageId: `message-${number}`, body: JSON.stringify({ Records: [record] }) };
  });
}

/** Measures one invocation. */
async function measure(stub: Stub, target: Builder, first: number, count: number): Promise<Measured> {
  const batch = messages(first, count);
  const before = { calls: stub.calls, tableUnits: stub.tableUnits, indexUnits: stub.indexUnits };
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  const { batchItemFailures } = await buildManifests(target, batch, () => 180_000);
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  if (batchItemFailures.length > 0) throw new Error(`${batchItemFailures.length} messages failed`);
  return {
    files: count,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    calls: stub.calls - before.calls,
    tableUnits: stub.tableUnits - before.tableUnits,
    indexUnits: stub.indexUnits - before.indexUnits,
    heapMegabytes: Number.NaN,
  };
}

function total(name: string, batches: readonly Measured[]): Row {
  const sum = (field: keyof Measured) => batches.reduce((all, batch) => all + batch[field], 0);
  return {
    name,
    files: sum("files"),
    seconds: sum("seconds"),
    cpuSeconds: sum("cpuSeconds"),
    calls: sum("calls"),
    tableUnits: sum("tableUnits"),
    indexUnits: sum("indexUnits"),
    heapMegabytes: batches.findLast((batch) => !Number.isNaN(batch.heapMegabytes))?.heapMegabytes ?? 0,
  };
}

function usedHeap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}

/** Measures one batch after another. */
async function runs(stub: Stub, target: Builder, from: number, files: number): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (let done = 0; done < files; done += BATCH) {
    measured.push(await measure(stub, target, from + done, Math.min(BATCH, files - done)));
  }
  return measured;
}

/**
 * Measures batches, with the heap after the first and the last: elsewhere garbage is part of the measurement.
 */
async function runsWithHeap(...[stub, target, from, files]: Parameters<typeof runs>): Promise<Measured[]> {
  const first = await runs(stub, target, from, Math.min(BATCH, files));
  for (const batch of first) batch.heapMegabytes = usedHeap();
  const rest = await runs(stub, target, from + BATCH, files - BATCH);
  for (const batch of rest.slice(-1)) batch.heapMegabytes = usedHeap();
  return [...first, ...rest];
}

async function bench({ files, latency }: Options): Promise<Row[]> {
  const stub = new Stub(latency);
  const target = builder(stub.clients());
  const cold = total("cold", await runsWithHeap(stub, target, 0, BATCH));
  const warmUp = Math.min(MAX_WARM_UP, files);
  await runs(stub, target, BATCH, warmUp);
  const batches = await runsWithHeap(stub, target, BATCH + warmUp, files);
  const tenth = Math.ceil(batches.length / 10);
  const rows = [
    cold,
    total("first thousand", batches.slice(0, 1)),
    total("last thousand", batches.slice(-1)),
    total("first tenth", batches.slice(0, tenth)),
    total("last tenth", batches.slice(-tenth)),
    total("all", batches),
  ];
  const sdk = new Stub(latency);
  const real = builder(sdk.sdkClients());
  const some = Math.min(MAX_WITH_SDK, files);
  await runs(sdk, real, 0, some);
  return [...rows, total("with the SDK", await runsWithHeap(sdk, real, 0, some))];
}

const HEADS = ["files", "count", "s", "files/s", "calls", "table units", "index units", "CPU µs", "heap MB"];

function table(rows: readonly Row[]): string {
  const cells = [
    HEADS,
    ...rows.map((row) => [
      row.name,
      row.files.toLocaleString("en"),
      row.seconds.toFixed(2),
      Math.round(row.files / row.seconds).toLocaleString("en"),
      (row.calls / row.files).toFixed(3),
      (row.tableUnits / row.files).toFixed(3),
      (row.indexUnits / row.files).toFixed(3),
      ((row.cpuSeconds / row.files) * 1e6).toFixed(0),
      row.heapMegabytes.toFixed(0),
    ]),
  ];
  const widths = HEADS.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    )
    .join("\n");
}

async function main(options: Options): Promise<number> {
  const write = process.stdout.write.bind(process.stdout);
  // the builder's log lines are part of its work, but not of the table
  process.stdout.write = () => true;
  const rows = await bench(options);
  process.stdout.write = write;
  report(rows, options);
  return 0;
}

function report(rows: readonly Row[], { json, latency }: Options): void {
  const all = rows.find(({ name }) => name === "all");
  const measured = all === undefined ? 0 : Math.round(all.files / all.seconds);
  const required = {
    figure: "files/s",
    least: MIN_FILES_A_SECOND,
    measured,
    met: measured >= MIN_FILES_A_SECOND,
  };
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  if (json) {
    const sample = { latencyMs: latency, batch: BATCH };
    printJson({ bench: "manifests-builder", machine, sample, rows, required }, 2);
    return;
  }
  print(table(rows));
  print(`calls, units and CPU are those of one file; ${latency} ms a call, ${BATCH} messages a batch`);
  print(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`);
  print(
    `required: files/s: at least ${required.least}, measured ${measured}: ${required.met ? "yes" : "no"}`,
  );
}

const program = command("bench -- manifests-builder", "Measures one manifest builder, its AWS calls stubbed.")
  .option("--files <number>", "files that it is told of", whole(1, 1e9), 1_000_000)
  .option("--latency <ms>", "what a call takes", whole(0, 60_000), 5)
  .option("--json", "print the figures as JSON");

program.action((options: Options) => runToExitCode(() => main(options))).parseAsync();
