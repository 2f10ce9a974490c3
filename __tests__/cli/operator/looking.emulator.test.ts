import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { type AttributeValue, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { StartJobRunCommand } from "@aws-sdk/client-glue";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connect } from "../../../cli/operator/command/clients";
import { type Clients, disconnect, type Operator } from "../../../cli/operator/command/operator";
import { Terminal } from "../../../cli/operator/command/terminal";
import { queueUrl } from "../../../cli/operator/manifests/queues";
import { describe as showDescribed } from "../../../cli/operator/pipelines/describe";
import { files as showFiles } from "../../../cli/operator/pipelines/files";
import { status as showStatus } from "../../../cli/operator/pipelines/status";
import { uploadQuarantineKeys } from "../../../cli/operator/uploads/object-keys";
import {
  type BucketName,
  bucketName,
  functionName,
  metricsTableName,
  queueName,
  uploadsJobName,
  uploadsTableName,
} from "../../../environments/schema";
import { deadLettersKey, manifestKey, receiptKey } from "../../../runtime/manifests/manifests";
import { hourRowKey, JOB_RUN_ROWS, LEDGER_HOUR_ROWS } from "../../../runtime/manifests/metric-rows";
import { quarantineFolder } from "../../../runtime/manifests/quarantine-folder";
import { SMOKE_PREFIXES } from "../../../runtime/smoke";
import { pendingItem } from "../../../runtime/uploads/uploads";
import { ROOT } from "../../../setup/paths";
import { environment, fileOf, nameOf, type Operated, startOperated } from "./operated";

const NAME = nameOf("a");
const PATH = manifestKey(NAME);

const SAMPLE = "local/samples/events/2026-02-03-broken-lines.ndjson";

/** Dead letters as the kernels write them, of a sample, as if it were that version. */
let written = "";
const deadLetters = (key: string, version: string) =>
  written
    .replaceAll(JSON.stringify(SAMPLE), JSON.stringify(key))
    .replaceAll('"local"', JSON.stringify(version));

const address = (bucket: BucketName, key: string) => `s3://${bucketName(environment, bucket)}/${key}`;

let operated: Operated;
let published: ReturnType<typeof fileOf>;
const turnedAway = fileOf("2026-01-31-small.ndjson", {
  status: "quarantined",
  revision: 0,
  size: 12,
  errorMessage: "unexpected-size: 12 bytes are not between 3150000 and 3850000",
});

function writeDeadLetters(): string {
  const folder = mkdtempSync(join(tmpdir(), "tributary-letters-"));
  try {
    const words = ["--import", "tsx", "cli/try.ts", "local/samples/events", SAMPLE, "--out", folder];
    execFileSync(process.execPath, words, { cwd: ROOT });
    return readFileSync(join(folder, "2026-02-03-broken-lines.dead-letters.ndjson"), "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

beforeAll(async () => {
  written = writeDeadLetters();
  operated = await startOperated();
  const version = await operated.put("raw", "input/clicks/2026-01-31-a.ndjson", '{"id":1}\n{"id":\n');
  published = fileOf("2026-01-31-a.ndjson", { version, revision: 2, manifestPath: PATH, size: 16 });
  await operated.track(published);
  const old = { version: "v0", revision: 1, manifestPath: manifestKey(nameOf("9")) };
  await operated.track(fileOf("2026-01-31-a.ndjson", old), "history");
  await operated.publish(NAME, [published], { rows: 1, dead_letters: 2 });
  const own = deadLetters(published.key, version);
  const others = deadLetters("input/clicks/2026-01-31-b.ndjson", version);
  await operated.put("quarantine", deadLettersKey(NAME), others + own);

  await operated.track(turnedAway);
  const { key, version: version_id } = turnedAway;
  const at = "2026-01-31T08:00:05.000Z";
  const reason = { key, version_id, reason: "unexpected-size", message: "12 bytes", at };
  const folder = quarantineFolder("2026-01-31", turnedAway);
  await operated.put("quarantine", `${folder}/reason.json`, JSON.stringify(reason));

  const waiting = { status: "manifested", manifestPath: manifestKey(nameOf("b")) } as const;
  await operated.track(fileOf("2026-02-01-c.ndjson", { ...waiting, createdAt: "2026-02-01T00:00:00.000Z" }));
  await operated.track(fileOf("2026-02-01-d.ndjson", { ...waiting, createdAt: "2026-02-02T00:00:00.000Z" }));
  await operated.publish(nameOf("b", "2026-02-01"), []);
});

afterAll(() => operated.stop());

async function metric(key: { metric_date: string; metric_type: string }, numbers: Record<string, number>) {
  const values = Object.entries(numbers).map(([name, value]) => [name, { N: String(value) }]);
  await operated.aws.dynamo.send(
    new PutItemCommand({
      TableName: metricsTableName(environment),
      Item: {
        metric_date: { S: key.metric_date },
        metric_type: { S: key.metric_type },
        ...Object.fromEntries(values),
      },
    }),
  );
}

describe("tributary status", () => {
  test("leaves a smoke test's file out of what waits and what waits longest", async () => {
    const key = `${SMOKE_PREFIXES.manifests}2026-01-30-smoke-a.ndjson`;
    const status = { status: "manifested", manifestPath: manifestKey(nameOf("c")) } as const;
    await operated.track({
      ...fileOf("2026-01-30-x.ndjson", status),
      key,
      createdAt: "2026-01-30T00:00:00.000Z",
    });
    const { stdout } = await operated.tributary("manifests", "status", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      open: { manifested: { count: 2, isWhole: true } },
      oldestWaiting: { key: "input/clicks/2026-02-01-c.ndjson" },
    });
  });

  test("shows each pipeline in one form, and hides none for another that cannot be read", async () => {
    const upload = { bucket: "raw", key: "input/customers/a.csv", version: "v1", size: 12 };
    await operated.aws.dynamo.send(
      new PutItemCommand({
        TableName: uploadsTableName(environment),
        Item: pendingItem(upload, "event", new Date(Date.now() - 3_600_000)),
      }),
    );
    const QueueUrl = await queueUrl(operated.aws.sqs, queueName(environment, "manifests-inputs"));
    await operated.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "{}" }));
    const { code, stdout } = await operated.tributary("status", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      environment: "local",
      pipelines: [
        { pipeline: "uploads", waiting: { files: 1 } },
        {
          pipeline: "manifests",
          waiting: { files: 2 },
          failed: { files: 0 },
          quarantined: { files: 1 },
        },
        { pipeline: "ledger", error: expect.stringContaining("ledger-operator") },
      ],
      queues: [
        { queue: "manifests-inputs", waiting: 1, inWork: 0 },
        { queue: "manifests-inputs dead letters", waiting: 0, inWork: 0 },
        { queue: "manifests-ready", waiting: 0, inWork: 0 },
        { queue: "manifests-ready dead letters", waiting: 0, inWork: 0 },
        { queue: "ledger-inputs", waiting: 0 },
        { queue: "ledger-inputs dead letters", waiting: 0 },
      ],
    });
    const text = await operated.tributary("status");
    expect(text.stdout).toMatch(/^ {2}uploads +1 +1 h \d min +- +- +- +- +-/m);
    expect(text.stdout).toMatch(/^ {2}manifests-inputs +1 +0 +-$/m);
    expect(text.stderr).toMatch(/^ledger: /m);
    expect(
      JSON.parse((await operated.tributary("status", "--pipeline", "uploads", "--json")).stdout),
    ).toMatchObject({
      pipelines: [{ pipeline: "uploads" }],
    });
    const of = async (dataset: string) => {
      const { code, stdout } = await operated.tributary("status", "--dataset", dataset, "--json");
      return { code, ...JSON.parse(stdout) };
    };
    expect(await of("clicks")).toMatchObject({
      code: 0,
      pipelines: [{ pipeline: "manifests", waiting: { files: 2 }, quarantined: { files: 1 } }],
    });
    expect(await of("smoke_manifests")).toMatchObject({
      pipelines: [{ pipeline: "manifests", waiting: { files: 0 }, quarantined: { files: 0 } }],
    });
    expect(await of("customers")).toMatchObject({ pipelines: [{ waiting: { files: 1 } }], queues: [] });
    expect(await of("smoke_uploads")).toMatchObject({ pipelines: [{ waiting: { files: 0 } }] });
  });
});

describe("tributary manifests status", () => {
  test("shows event source, job, rates, the file that waits longest, and the cost", async () => {
    const now = new Date();
    const today = now.toISOString().slice(0, 10);
    await metric({ metric_date: today, metric_type: `${JOB_RUN_ROWS}jr_1` }, { estimated_cost_usd: 1.5 });
    await metric(hourRowKey(now, "clicks"), { manifests: 2, files: 572, rows: 9000, input_bytes: 2e9 });
    const { code, stdout } = await operated.tributary("manifests", "status", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      environment: "local",
      intake: { state: "Disabled", served: "locally" },
      job: { name: "tributary-local-manifests-stream", desired: "running", failures: 0, runs: [] },
      rates: [{ dataset: "clicks", manifests: 2, files: 572, rows: 9000, inputBytes: 2e9 }],
      open: { manifested: { count: 2, isWhole: true }, failed: { count: 0 }, quarantined: { count: 1 } },
      oldestWaiting: { key: "input/clicks/2026-02-01-c.ndjson" },
      cost: { todayDollars: 1.5, monthDollars: 1.5 },
    });
    const text = await operated.tributary("manifests", "status");
    expect(text.stdout).toMatch(/^ {2}waiting longest +input\/clicks\/2026-02-01-c\.ndjson, \d+ d/m);
    expect(text.stdout).toMatch(/^ {2}today +\$1\.50$/m);
  });
});

describe("tributary files", () => {
  test("lists what waits, failed or is in quarantine, of every pipeline in one form", async () => {
    const raw = bucketName(environment, "raw");
    const upload = (key: string) => ({ bucket: raw, key, version: "v1", size: 5 });
    const at = new Date("2026-02-01T00:00:00.000Z");
    const item = (name: string, more: Record<string, AttributeValue> = {}) => ({
      ...pendingItem(upload(`input/customers/${name}-file.csv`), "event", at),
      ...more,
    });
    const items = [
      item("waits"),
      item("failed", { attempts: { N: "2" }, last_error: { S: "TransformError: no" } }),
      item("bad", { status: { S: "quarantined" }, pending_shard: { S: "none" } }),
      item("again"),
    ];
    for (const Item of items) {
      await operated.aws.dynamo.send(new PutItemCommand({ TableName: uploadsTableName(environment), Item }));
    }
    for (const name of ["bad", "again"]) {
      const reason = {
        source_bucket: raw,
        source_key: `input/customers/${name}-file.csv`,
        source_version: "v1",
        reason: "broken-gzip",
        message: "it is cut off",
        quarantined_at: "2026-02-01T01:00:00Z",
      };
      await operated.put("quarantine", `files/customers/${name}/v1/reason.json`, JSON.stringify(reason));
    }
    const listed = async (...words: string[]) => {
      const { stdout } = await operated.tributary("files", "--pipeline", "uploads", "--json", ...words);
      const rows = stdout.split("\n").filter((line) => line !== "");
      return rows.map((line) => JSON.parse(line)).filter(({ key }) => key.endsWith("-file.csv"));
    };
    expect(await listed("--status", "quarantined")).toEqual([
      {
        pipeline: "uploads",
        dataset: "customers",
        key: "input/customers/bad-file.csv",
        version: "v1",
        since: "2026-02-01T01:00:00Z",
        error: "broken-gzip: it is cut off",
      },
    ]);
    expect(await listed("--status", "failed")).toMatchObject([
      { key: "input/customers/failed-file.csv", attempts: 2, error: "TransformError: no" },
    ]);
    expect((await listed("--status", "waiting")).map(({ key }) => key).sort()).toEqual([
      "input/customers/again-file.csv",
      "input/customers/waits-file.csv",
    ]);
    const ofManifests = ["files", "--status", "waiting", "--pipeline", "manifests"];
    const { code, stdout } = await operated.tributary(...ofManifests);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^manifests +clicks +2026-02-01T00:00:00 +- +input\/clicks\/2026-02-01-c\.ndjson/m,
    );
    const bad = await operated.tributary("quarantine", "list", "--pipeline", "manifests", "--json");
    const { key, version, errorMessage, updatedAt } = turnedAway;
    expect(JSON.parse(bad.stdout)).toMatchObject({ key, version, error: errorMessage, since: updatedAt });
    expect(await operated.tributary(...ofManifests, "--dataset", "customers")).toMatchObject({
      code: 2,
      stderr: 'error: --pipeline: expected uploads, which has the dataset customers, got "manifests"\n',
    });
    expect(await operated.tributary("files", "--status", "failed", "--pipeline", "manifests")).toMatchObject({
      code: 3,
      stdout: "",
      stderr: "no file is failed\n",
    });
    // the ledger's function is not there, and the others' files are shown all the same
    const all = await operated.tributary("files", "--status", "waiting");
    expect(all).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^ledger: .*a part of local does not exist/m),
    });
    expect(all.stdout).toMatch(/^uploads +customers .*waits-file\.csv/m);
    expect(all.stdout).toMatch(/^manifests +clicks /m);
  });
});

describe("tributary manifests files", () => {
  test("lists the files of a date in the order of their keys", async () => {
    const { code, stdout } = await operated.tributary("manifests", "files", "--date", "2026-01-31");
    expect(code).toBe(0);
    expect(stdout.split("\n").map((line) => line.split(/ +/)[0])).toEqual([
      "status",
      expect.stringMatching(/^─+$/),
      "completed",
      "quarantined",
      "",
    ]);
  });

  test("lists those of a status, one JSON object a line", async () => {
    const { stdout } = await operated.tributary(
      "manifests",
      "files",
      "--date",
      "2026-01-31",
      "--status",
      "quarantined",
      "--json",
    );
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([expect.objectContaining({ key: turnedAway.key, status: "quarantined", size: 12 })]);
  });

  test("finds unfinished files of any date by the index, up to the limit", async () => {
    const all = await operated.tributary("manifests", "files", "--status", "manifested");
    expect(all.stdout.match(/2026-02-01-[cd]\.ndjson/g)?.sort()).toEqual([
      "2026-02-01-c.ndjson",
      "2026-02-01-d.ndjson",
    ]);
    const one = await operated.tributary(
      "manifests",
      "files",
      "--status",
      "manifested",
      "--limit",
      "1",
      "--json",
    );
    expect(one.stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(one.stderr).toBe("there are more than 1: --limit 0 shows all\n");
  });

  test("ends with 3 when nothing fits, and with 2 when it is told too little", async () => {
    expect(await operated.tributary("manifests", "files", "--date", "2020-01-01")).toMatchObject({
      code: 3,
      stdout: "",
    });
    expect(await operated.tributary("manifests", "files", "--status", "completed")).toMatchObject({
      code: 2,
      stderr:
        "error: --date is required: expected a date, or instead of it a --status of manifested, failed, quarantined without --dataset\n",
    });
  });
});

describe("tributary describe", () => {
  test.each([
    ["a key", "input/clicks/2026-01-31-a.ndjson"],
    ["an address", "s3://tributary-local-raw-000000000000/input/clicks/2026-01-31-a.ndjson"],
    ["a name", "2026-01-31-a.ndjson"],
  ])("finds a file by %s, with its history, manifest, Parquet and dead letters", async (_, name) => {
    const { code, stdout } = await operated.tributary("describe", name, "--lines", "1", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      key: published.key,
      object: { version: published.version, size: 16 },
      versions: [
        {
          version: published.version,
          revision: 2,
          status: "completed",
          manifest: {
            key: PATH,
            state: "lists the file",
            files: 1,
            parquet: { size: 4, generation: 0 },
            receipt: { rows: 1, dead_letters: 2, columns: 2, job_run_id: "jr_1" },
          },
          deadLetters: {
            count: written.trimEnd().split("\n").length,
            first: [{ line: 2, reason: "not-json" }],
          },
        },
        { version: "v0", revision: 1, manifest: { state: "missing" } },
      ],
    });
  });

  test("tells a reader the same", async () => {
    const { stdout } = await operated.tributary("describe", "2026-01-31-a.ndjson");
    expect(stdout).toMatch(
      /Parquet +s3:\/\/tributary-local-curated-000000000000\/tables\/clicks\/date=2026-01-31\/a{32}\.parquet/,
    );
    expect(stdout).toMatch(/dead letters +\d+ of this file/);
    expect(stdout).toMatch(/^ +3 +bad-value/m);
  });

  test("tells why a file was turned away", async () => {
    const { stdout } = await operated.tributary("describe", turnedAway.key);
    expect(stdout).toMatch(/reason +unexpected-size: 12 bytes$/m);
  });

  test("saves the version to look at it, and overwrites nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tributary-save-"));
    try {
      expect(await operated.tributary("describe", "2026-01-31-a.ndjson", "--save", folder)).toMatchObject({
        code: 0,
      });
      const path = join(folder, "2026-01-31-a.ndjson");
      expect(existsSync(path) && readFileSync(path, "utf8")).toBe('{"id":1}\n{"id":\n');
      expect(await operated.tributary("describe", "2026-01-31-a.ndjson", "--save", folder)).toMatchObject({
        code: 1,
        stderr: `error: ${path} is there already: remove it, or give another folder\n`,
      });
      const manifest = await operated.tributary("describe", deadLettersKey(NAME), "--save", folder);
      expect(manifest).toMatchObject({
        code: 2,
        stdout: "",
        stderr: expect.stringMatching(/^error: --save: expected a file to save, and not a manifest/),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("finds an upload by its name, and tells what is published of it", async () => {
    const key = "input/customers/told.csv";
    const raw = bucketName(environment, "raw");
    const version = await operated.put("raw", key, "id\n1\n");
    const upload = { bucket: raw, key, version, size: 5 };
    const processed = { M: { output_count: { N: "1" }, rejected_count: { N: "0" } } };
    const items = [
      { ...pendingItem(upload, "event", new Date()), status: { S: "processed" }, counts: processed },
      {
        object: { S: `${raw}/${key}` },
        version: { S: "#head" },
        committed_version: { S: version },
        output_etags: { M: { "tables/customers/told-1.parquet": { S: "e" } } },
      },
    ];
    for (const Item of items) {
      await operated.aws.dynamo.send(new PutItemCommand({ TableName: uploadsTableName(environment), Item }));
    }
    const { code, stdout } = await operated.tributary("describe", "told.csv");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pipeline +uploads$/m);
    expect(stdout).toMatch(/^dataset +customers$/m);
    expect(stdout).toMatch(/^published +s3:\/\/\S+\/tables\/customers\/told-1\.parquet$/m);
    expect(stdout).toMatch(/^ {2}status +processed, published$/m);
    expect(stdout).toMatch(/^ {2}output count +1$/m);
    const { stdout: json } = await operated.tributary("describe", `s3://${raw}/${key}`, "--json");
    expect(JSON.parse(json)).toMatchObject({
      pipeline: "uploads",
      object: { version },
      versions: [{ version, status: "processed", isPublished: true, counts: { output_count: 1 } }],
    });
  });

  test.each<[string, () => string[]]>([
    ["its Parquet", () => [address("curated", `tables/clicks/date=2026-01-31/${NAME.id}.parquet`)]],
    ["its dead letters", () => [deadLettersKey(NAME)]],
    ["its receipt", () => [receiptKey(NAME)]],
    ["itself", () => [`clicks/2026-01-31/${NAME.id}`]],
  ])("lists the files of a manifest, found by %s", async (_, words) => {
    const { code, stdout } = await operated.tributary("describe", ...words(), "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      pipeline: "manifests",
      work: address("manifests", PATH),
      outputs: [
        address("curated", `tables/clicks/date=2026-01-31/${NAME.id}.parquet`),
        address("quarantine", deadLettersKey(NAME)),
      ],
      fileCount: 1,
      files: [{ key: published.key, version: published.version, status: "completed" }],
    });
    const text = await operated.tributary("describe", ...words());
    expect(text.stdout).toMatch(/^completed +16 B +input\/clicks\/2026-01-31-a\.ndjson /m);
  });

  test("finds a file of a manifest by a row and by its copy in quarantine, and shows that version alone", async () => {
    const row = `${published.key}\t${published.version}\t2\t3`;
    const { stdout } = await operated.tributary("describe", row, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      line: 3,
      versions: [
        {
          version: published.version,
          places: [{ what: "raw bucket", version: published.version }],
          deadLetters: { count: written.trimEnd().split("\n").length, first: [{ line: 3 }] },
        },
      ],
    });
    const copy = `${quarantineFolder("2026-01-31", turnedAway)}/2026-01-31-small.ndjson`;
    const found = await operated.tributary("describe", address("quarantine", copy), "--json");
    expect(JSON.parse(found.stdout)).toMatchObject({ key: turnedAway.key });
  });

  test("finds an upload by what was made of it, in whatever bucket", async () => {
    const key = "input/customers/everywhere.csv";
    const raw = bucketName(environment, "raw");
    const version = await operated.put("raw", key, "id\n1\nx\n");
    const upload = { bucket: raw, key, version, size: 7 };
    const Item = {
      ...pendingItem(upload, "event", new Date()),
      status: { S: "processed" },
      counts: { M: { rejected_count: { N: "1" } } },
    };
    await operated.aws.dynamo.send(new PutItemCommand({ TableName: uploadsTableName(environment), Item }));
    const { deadLetters, wholeFile } = uploadQuarantineKeys("customers", key, version);
    const name = deadLetters.split("/")[2];
    const names = { source_bucket: raw, source_key: key, source_version: version };
    const letter = { source: "ab", ...names, line: 2, reason: "bad-value", raw_text: "x".repeat(20_000) };
    const stats = { source_file: key, source_bucket: raw, source_version: version };
    await operated.put("quarantine", deadLetters, `${JSON.stringify(letter)}\n`);
    const reason = { ...names, reason: "broken-gzip", message: "x".repeat(20_000) };
    await operated.put("quarantine", `${wholeFile}reason.json`, JSON.stringify(reason));
    await operated.put("curated", `stats/customers/${name}/${version}.json`, JSON.stringify(stats));
    const made = [
      address("curated", `tables/customers/${name}.parquet`),
      `csv/customers/${name}.csv`,
      `stats/customers/${name}/${version}.json`,
      address("quarantine", deadLetters),
      `${wholeFile}everywhere.csv`,
    ];
    for (const each of made) {
      const { code, stdout } = await operated.tributary("describe", each, "--json");
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        pipeline: "uploads",
        key,
        versions: [{ version, deadLetters: { count: 1, first: [{ line: 2 }] } }],
      });
    }
    expect(await operated.tributary("describe", "tables/customers/none-0123.parquet")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("tells of which file tables/customers/none-0123.parquet is"),
    });
  });

  test("says of an object that no event announced that it is in no table", async () => {
    await operated.put("raw", "input/customers/unannounced.csv", "id\n1\n");
    const { stdout } = await operated.tributary("describe", "input/customers/unannounced.csv");
    expect(stdout).toContain("not in the uploads table: no event of it came yet");
  });

  test("ends with 3 for a file that nobody knows", async () => {
    expect(await operated.tributary("describe", "input/clicks/2026-01-31-never.ndjson")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("neither a pipeline's tables nor the raw bucket know"),
    });
  });
});

describe("tributary manifests list", () => {
  test("tells which have their Parquet", async () => {
    const done = await operated.tributary("manifests", "list", "--date", "2026-01-31", "--json");
    expect(JSON.parse(done.stdout)).toMatchObject({ manifest: PATH, parquet: { size: 4 } });
    expect(await operated.tributary("manifests", "list", "--date", "2026-01-31", "--waiting")).toMatchObject({
      code: 3,
    });
    const waiting = await operated.tributary("manifests", "list", "--date", "2026-02-01", "--waiting");
    expect(waiting.stdout).toMatch(/^clicks +b{32} +\S+ +- +-$/m);
  });
});

/** Counts calls, and rounds of them: answers are held back until all calls that are under way have theirs. */
function counted(aws: Clients) {
  const counts = { calls: 0, rounds: 0 };
  let inFlight = 0;
  let held: (() => void)[] = [];
  const release = () => {
    counts.rounds += 1;
    const ready = held;
    held = [];
    for (const each of ready) each();
  };
  for (const client of Object.values(aws) as Clients["s3"][]) {
    client.middlewareStack.add(
      (next) => async (call) => {
        counts.calls += 1;
        inFlight += 1;
        try {
          return await next(call);
        } finally {
          inFlight -= 1;
          await new Promise<void>((resolve) => {
            held.push(resolve);
            if (inFlight === 0) release();
          });
        }
      },
      { step: "initialize", name: "count" },
    );
  }
  return counts;
}

describe("an answer", () => {
  /** What a command asks AWS, but for whose credentials these are. */
  async function askedBy(command: (operator: Operator) => Promise<unknown>) {
    const aws = connect(environment);
    const counts = counted(aws);
    const nowhere = new Writable({ write: (_, __, done) => done() });
    const { signal } = new AbortController();
    const terminal = new Terminal(true, nowhere, nowhere);
    await command({ environment, aws, terminal, signal, now: new Date() });
    disconnect(aws);
    return counts;
  }
  const described = (...words: string[]) =>
    askedBy((operator) => showDescribed(operator, { words, lines: 5 }));
  const listed = (status: "waiting" | "quarantined") =>
    askedBy((operator) => showFiles(operator, { status, limit: 0 }));

  test("of status takes two rounds of calls", async () => {
    expect((await askedBy((operator) => showStatus(operator, {}))).rounds).toBe(2);
  });

  test("of describe takes as many rounds for a name, which each dataset may have, as for a key", async () => {
    expect(await described(published.key)).toMatchObject({ rounds: 3 });
    expect(await described("2026-01-31-a.ndjson")).toMatchObject({ rounds: 3 });
    expect(await described(deadLettersKey(NAME))).toMatchObject({ rounds: 1, calls: 3 });
    await operated.put("raw", "input/customers/counted.csv", "id\n1\n");
    expect(await described("input/customers/counted.csv")).toMatchObject({ rounds: 1, calls: 2 });
  });

  test("of files takes no call for each file", async () => {
    const few = await listed("waiting");
    expect(few.rounds).toBe(2);
    for (let n = 0; n < 150; n++) {
      const upload = { bucket: "raw", key: `input/customers/many-${n}.csv`, version: "v1", size: 1 };
      const Item = pendingItem(upload, "event", new Date());
      await operated.aws.dynamo.send(new PutItemCommand({ TableName: uploadsTableName(environment), Item }));
    }
    // a hundred items of the table are a call
    expect(await listed("waiting")).toEqual({ calls: few.calls + 1, rounds: 3 });
    expect((await listed("quarantined")).rounds).toBe(3);
  });
});

describe("tributary costs", () => {
  test("shows days and runs", async () => {
    const today = new Date().toISOString().slice(0, 10);
    const numbers = { estimated_cost_usd: 3, dpu_seconds: 7200, execution_time_seconds: 3600 };
    await metric({ metric_date: today, metric_type: `${JOB_RUN_ROWS}jr_2` }, numbers);
    const { code, stdout } = await operated.tributary("costs", "--days", "2", "--pipeline", "manifests");
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${today} +manifests +jr_2 .*1 h 0 min .*\\$3\\.00$`, "m"));
  });

  test("shows every pipeline in one form, with a dataset's share by the bytes that were read", async () => {
    const [now, today] = [new Date(), new Date().toISOString().slice(0, 10)];
    await operated.aws.glue.send(new StartJobRunCommand({ JobName: uploadsJobName(environment) }));
    await metric(hourRowKey(now, "events"), { files: 10, input_bytes: 6e9 });
    await metric(hourRowKey(now, "ml_events", LEDGER_HOUR_ROWS), { files: 3, input_bytes: 5e8 });
    const all = await operated.tributary("costs", "--days", "1", "--json");
    expect(JSON.parse(all.stdout)).toMatchObject([
      { date: today, pipeline: "uploads", runs: [{ state: expect.any(String) }] },
      { date: today, pipeline: "manifests", inputBytes: expect.any(Number) },
    ]);
    // jobs of the ledger are not deployed here
    expect(all).toMatchObject({ code: 1, stderr: expect.stringMatching(/^ledger: .*does not exist/m) });
    const costsOf = async (dataset: string) => {
      const { stdout } = await operated.tributary("costs", "--days", "1", "--dataset", dataset, "--json");
      return JSON.parse(stdout)[0];
    };
    const [whole, clicks] = [JSON.parse(all.stdout)[1], await costsOf("clicks")];
    expect(clicks).toMatchObject({ files: 572, inputBytes: 2e9 });
    expect(clicks.dollars).toBeCloseTo(whole.dollars / 4);
    expect(await operated.tributary("costs", "--dataset", "customers")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("is not counted by dataset"),
    });
  });
});

describe("tributary logs", () => {
  test("shows what a function logged lately", async () => {
    const logGroupName = `/aws/lambda/${functionName(environment, "control-plane")}`;
    const stream = { logGroupName, logStreamName: "one" };
    await operated.aws.logs.send(new CreateLogGroupCommand({ logGroupName }));
    await operated.aws.logs.send(new CreateLogStreamCommand(stream));
    const logEvents = [
      { timestamp: Date.now() - 3_600_000, message: "long ago" },
      { timestamp: Date.now() - 1000, message: "a moment ago" },
    ];
    await operated.aws.logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
    const { code, stdout } = await operated.tributary("logs", "control-plane", "--since", "5m", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ stream: "one", message: "a moment ago" });
    const more = await operated.tributary("logs", "control-plane", "--since", "2h");
    expect(
      more.stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.slice(25)),
    ).toEqual(["long ago", "a moment ago"]);
  });

  test("shows what all of a pipeline logged, and of a dataset what names it", async () => {
    const log = async (name: "uploads-trigger" | "manifests-builder", messages: readonly string[]) => {
      const logGroupName = `/aws/lambda/${functionName(environment, name)}`;
      const stream = { logGroupName, logStreamName: "one" };
      await operated.aws.logs.send(new CreateLogGroupCommand({ logGroupName }));
      await operated.aws.logs.send(new CreateLogStreamCommand(stream));
      const logEvents = messages.map((message) => ({ timestamp: Date.now() - 500, message }));
      await operated.aws.logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
    };
    await log("uploads-trigger", ["took input/customers/a.csv", "took input/orders/b.csv"]);
    await log("manifests-builder", ["built"]);
    const uploads = await operated.tributary("logs", "--pipeline", "uploads");
    expect(uploads.stdout).toMatch(/ uploads-trigger: took input\/orders\/b\.csv$/m);
    expect(uploads.stdout).toMatch(/ control-plane: a moment ago$/m);
    expect(uploads.stdout).not.toContain("built");
    const customers = await operated.tributary("logs", "--dataset", "customers", "--json");
    expect(JSON.parse(customers.stdout)).toMatchObject({
      source: "uploads-trigger",
      message: "took input/customers/a.csv",
    });
  });

  test("says that a function which never ran has no log", async () => {
    expect(await operated.tributary("logs", "uploads-reconciler")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("npm run deploy -- --environment local"),
    });
  });
});
