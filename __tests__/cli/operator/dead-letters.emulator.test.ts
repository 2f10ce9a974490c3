import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Operator } from "../../../cli/operator/command/operator";
import { Terminal } from "../../../cli/operator/command/terminal";
import { replay } from "../../../cli/operator/letters/replay";
import { bucketName, queueName } from "../../../environments/schema";
import { deadLettersKey, manifestKey } from "../../../runtime/manifests/manifests";
import { quarantineFolder } from "../../../runtime/manifests/quarantine-folder";
import { outputName } from "../../../runtime/uploads/output-name";
import { environment, fileOf, nameOf, type Operated, RAW, startOperated } from "./operated";

const READY = queueName(environment, "manifests-ready");

let operated: Operated;
const folder = mkdtempSync(join(tmpdir(), "tributary-letters-"));

beforeAll(async () => {
  operated = await startOperated();
});

afterAll(async () => {
  await operated.stop();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(() => {
  jest.restoreAllMocks();
});

interface Given {
  readonly line: number;
  readonly offset?: number;
  readonly reason?: string;
  readonly raw_text?: string;
  readonly raw_base64?: string;
  readonly raw_length?: number;
}

/** Dead letters of one version, as the pipelines write them: its names in the first alone. */
function lettersText(key: string, version: string, letters: readonly Given[]): string {
  return letters
    .map((letter, index) => {
      const names = { source_bucket: RAW, source_key: key, source_version: version };
      const record = {
        source: "ab",
        ...(index === 0 && names),
        reason: "not-json",
        message: "no JSON",
        ...letter,
      };
      return `${JSON.stringify(record)}\n`;
    })
    .join("");
}

/** A file of customers with its dead letters. */
async function upload(name: string, header: string, letters: readonly Given[]) {
  const key = `input/customers/${name}`;
  const version = await operated.put("raw", key, `${header}\n`);
  const object = `dead-letters/customers/${outputName(key)}/${version}.ndjson`;
  await operated.put("quarantine", object, lettersText(key, version, letters));
  return { key, version, object };
}

/** A file of clicks with its dead letters, in a manifest of its own. */
async function click(digit: string, date: string, letters: readonly Given[]) {
  const key = `input/clicks/${date}-${digit}.ndjson`;
  const version = await operated.put("raw", key, "{}\n");
  const object = deadLettersKey(nameOf(digit, date));
  await operated.put("quarantine", object, lettersText(key, version, letters));
  return { key, version, object };
}

function operator(): Operator {
  const nowhere = new PassThrough();
  const { signal } = new AbortController();
  return {
    ...{ environment, aws: operated.aws, signal, now: new Date() },
    terminal: new Terminal(true, nowhere, nowhere),
  };
}

/** Exports a file's dead letters and returns them with the path. */
async function exported(key: string, name: string) {
  const to = join(folder, name);
  const outcome = await operated.tributary("dead-letters", "export", key, "--to", to, "--json");
  expect(outcome).toMatchObject({ code: 0 });
  const [{ path }] = JSON.parse(outcome.stdout).files;
  const lines = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { path, lines };
}

async function exportedClick(digit: string, date: string) {
  const { key, version } = await click(digit, date, [{ line: 1, raw_text: '{"a":1}' }]);
  return { key, version, ...(await exported(key, date)) };
}

function write(path: string, lines: readonly object[]): void {
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

async function keysBelow(bucket: "raw" | "curated" | "quarantine", Prefix: string): Promise<string[]> {
  const { Contents = [] } = await operated.aws.s3.send(
    new ListObjectsV2Command({ Bucket: bucketName(environment, bucket), Prefix }),
  );
  return Contents.map(({ Key = "" }) => Key);
}

function body(key: string): Promise<string> {
  return textOf(RAW, key);
}

async function textOf(Bucket: string, Key: string): Promise<string> {
  const { Body } = await operated.aws.s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToString("latin1")) ?? "";
}

/** Before the n-th write of the work, lets other work be done to its end. */
async function interrupted(number: number, work: () => Promise<unknown>, other: () => Promise<unknown>) {
  const { send } = S3Client.prototype;
  let writes = 0;
  jest.spyOn(S3Client.prototype, "send").mockImplementation(async function (this: S3Client, command: object) {
    if (command instanceof PutObjectCommand && ++writes === number) {
      jest.restoreAllMocks();
      await other();
    }
    return Reflect.apply(send, this, [command]);
  } as never);
  await work();
  expect(writes).toBe(number);
}

/** Ends the command before or after a call that changes something, as if its process were killed there. */
function killAt(number: number, when: "before" | "after"): { readonly calls: () => number } {
  let calls = 0;
  for (const client of [S3Client, SQSClient]) {
    const { send } = client.prototype;
    jest.spyOn(client.prototype, "send").mockImplementation(async function (
      this: S3Client | SQSClient,
      command: { readonly constructor: { readonly name: string } },
    ) {
      const changes = /^(?:Put|Copy|Delete|Send)/.test(command.constructor.name);
      if (changes) calls += 1;
      if (changes && (calls > number || (calls === number && when === "before"))) throw new Error("killed");
      const answer = await Reflect.apply(send, this, [command]);
      if (changes && calls >= number) throw new Error("killed");
      return answer;
    } as never);
  }
  return { calls: () => calls };
}

describe("tributary dead-letters list and show", () => {
  test("list what is asked for, and show it whole, with nothing raw in it", async () => {
    const { key } = await upload("listed.csv", "id,name", [
      { line: 3, raw_text: "1,\u001b[31mred\u2028", reason: "bad-value" },
      { line: 5, raw_text: "2", reason: "wrong-field-count" },
    ]);
    const listed = await operated.tributary("dead-letters", "list", key, "--json");
    const letters = listed.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(letters).toMatchObject([
      { dataset: "customers", pipeline: "uploads", key, line: 3, text: "1,\u001b[31mred\u2028" },
      { key, line: 5, reason: "wrong-field-count" },
    ]);
    const shown = await operated.tributary("dead-letters", "show", key, "--reason", "bad-value");
    expect(shown.stdout).toContain("1,\\u{1b}[31mred\\u{2028}");
    expect(shown.stdout).not.toContain("line 5");
    expect(await operated.tributary("dead-letters", "list", key, "--limit", "1")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("more than 1"),
    });
    expect(await operated.tributary("dead-letters", "list", "--dataset", "nobody")).toMatchObject({
      code: 2,
    });
    expect(await operated.tributary("dead-letters", "list", key, "--reason", "other")).toMatchObject({
      code: 3,
    });
  });
});

describe("tributary dead-letters export", () => {
  test("writes each line with its identity and header for its owner alone, and overwrites nothing", async () => {
    const { key, version, object } = await upload("exported.csv", "id,name", [{ line: 3, raw_text: "1" }]);
    const { path, lines } = await exported(key, "once");
    expect(lines).toEqual([
      {
        bucket: RAW,
        ...{ key, version, line: 3, letters: object, header: "id,name\n", text: "1" },
        ...{ reason: "not-json", message: "no JSON" },
      },
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const cut = await click("9", "2026-05-09", [{ line: 1, raw_text: "{", raw_length: 9_000_000 }]);
    expect(
      await operated.tributary("dead-letters", "export", cut.key, "--to", join(folder, "cut")),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("only the beginning of its 9000000 bytes was kept"),
    });
    const again = await operated.tributary("dead-letters", "export", key, "--to", join(folder, "once"));
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("nothing is overwritten") });
  });
});

describe("tributary dead-letters replay", () => {
  test("sends corrected lines once, as one file of their dataset, and nothing before --yes", async () => {
    const { key } = await upload("replayed.csv", "id,name", [
      { line: 3, raw_text: "1" },
      { line: 5, raw_text: "2" },
    ]);
    const { path, lines } = await exported(key, "replayed");
    write(
      path,
      lines.toReversed().map((line) => ({ ...line, text: `${line.text},"two\nlines"` })),
    );
    const dry = await operated.tributary("dead-letters", "replay", path);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("repeat with --yes") });
    expect(await keysBelow("curated", "corrections/")).toEqual([]);
    const applied = await operated.tributary("dead-letters", "replay", path, "--yes", "--json");
    const [{ key: sent, lines: count }] = JSON.parse(applied.stdout).files;
    expect(sent).toMatch(/^input\/customers\/tributary-corrections\/[0-9a-f]{32}\.csv$/);
    expect(count).toBe(2);
    expect(await body(sent)).toBe('id,name\n1,"two\nlines"\n2,"two\nlines"\n');
    const again = await operated.tributary("dead-letters", "replay", path, "--yes");
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("line 3: it was replayed at") });
    expect(await keysBelow("raw", "input/customers/tributary-corrections/")).toEqual([sent]);
    const shown = await operated.tributary("dead-letters", "show", sent, "--json");
    expect(JSON.parse(shown.stdout)).toMatchObject({
      by: expect.stringContaining("arn:aws:"),
      lines: [
        { key, line: 3 },
        { key, line: 5 },
      ],
    });
  });

  test("sends lines as they are again by their reason, a file for each date", async () => {
    const reason = "too-new";
    const one = await click("1", "2026-05-01", [{ line: 1, raw_text: '{"a":1}', reason }]);
    await click("2", "2026-05-02", [
      { line: 2, raw_text: '{"a":2}', reason },
      { line: 3, raw_text: "{" },
    ]);
    const applied = await operated.tributary(
      "dead-letters",
      "replay",
      "--reason",
      reason,
      "--since",
      "1d",
      "--yes",
    );
    expect(applied).toMatchObject({ code: 0 });
    const sent = await keysBelow("raw", "input/clicks/tributary-corrections/");
    expect(sent).toEqual([
      expect.stringMatching(/\/2026-05-01-[0-9a-f]{32}\.ndjson$/),
      expect.stringMatching(/\/2026-05-02-[0-9a-f]{32}\.ndjson$/),
    ]);
    expect(await Promise.all(sent.map(body))).toEqual(['{"a":1}\n', '{"a":2}\n']);
    const again = await operated.tributary("dead-letters", "replay", "--reason", reason, "--yes", "--json");
    expect(JSON.parse(again.stdout).refused).toMatchObject([{ key: one.key, line: 1 }, { line: 2 }]);
  });

  test("takes nobody else's file for its own, and finishes it when that is gone", async () => {
    const { path } = await exportedClick("c", "2026-05-11");
    await interrupted(
      3,
      () => operated.tributary("dead-letters", "replay", path, "--yes"),
      async () => {
        const [claim = ""] = await keysBelow(
          "curated",
          "corrections/lines/dead-letters/clicks/date=2026-05-11/",
        );
        const { Body } = await operated.aws.s3.send(
          new GetObjectCommand({ Bucket: bucketName(environment, "curated"), Key: claim }),
        );
        const { correction } = JSON.parse((await Body?.transformToString()) ?? "");
        await operated.put("raw", `input/clicks/tributary-corrections/2026-05-11-${correction}.ndjson`, "{}");
      },
    );
    const left = await operated.tributary("dead-letters", "replay", path, "--yes");
    expect(left).toMatchObject({ code: 1, stderr: expect.stringContaining("has other content") });
    const [sent = ""] = await keysBelow("raw", "input/clicks/tributary-corrections/2026-05-11-");
    await operated.aws.s3.send(new DeleteObjectCommand({ Bucket: RAW, Key: sent }));
    expect(await operated.tributary("dead-letters", "replay", path, "--yes")).toMatchObject({ code: 0 });
    expect(await body(sent)).toBe('{"a":1}\n');
  });

  test("refuses what is no line, no dead letter, twice there, cut, of a replaced version, or no one record", async () => {
    const { key } = await click("3", "2026-05-03", [
      { line: 1, raw_text: "{" },
      { line: 2, raw_text: "{" },
      { line: 3, raw_text: "{" },
      { line: 4, raw_text: "{" },
    ]);
    const { path, lines } = await exported(key, "refused");
    write(path, [
      { ...lines[0], text: '{"a":1}\n{"a":2}' },
      { ...lines[1], text: "" },
      { ...lines[2], line: 9 },
      { ...lines[3], text: "{}" },
      lines[3],
    ]);
    const judged = await operated.tributary("dead-letters", "replay", path, "--json");
    expect(JSON.parse(judged.stdout)).toMatchObject({
      files: [{ lines: 1 }],
      refused: [
        { line: 1, why: expect.stringContaining("more than one line") },
        { line: 2, why: expect.stringContaining("no JSON object") },
        { line: 9, why: expect.stringContaining("no such dead letter") },
        { line: 4, why: expect.stringContaining("twice") },
      ],
    });
    const newer = await operated.put("raw", key, "{}\n{}\n");
    const replaced = await operated.tributary("dead-letters", "replay", path);
    expect(replaced.stderr).toContain(`version ${newer} has replaced`);
    writeFileSync(path, "no json\n");
    expect(await operated.tributary("dead-letters", "replay", path)).toMatchObject({ code: 1 });
    expect(await operated.tributary("dead-letters", "replay", `${path}.gone`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^error: FILE: expected a file that dead-letters export wrote, got .*\n$/,
      ),
    });
    expect(await operated.tributary("dead-letters", "replay")).toMatchObject({ code: 2 });
  });

  test("takes what an editor on Windows leaves of a file, and no header that an editor broke", async () => {
    const { key } = await upload("edited.csv", "id,name", [
      { line: 3, raw_text: "1" },
      { line: 5, raw_text: "2" },
    ]);
    const { path, lines } = await exported(key, "edited");
    const text = (given: object) =>
      `\uFEFF${lines.map((line) => JSON.stringify({ ...line, text: "1,a", ...given })).join("\r\n")}\r\n\r\n`;
    writeFileSync(path, text({ header: "id,name" }));
    const broken = await operated.tributary("dead-letters", "replay", path);
    expect(broken).toMatchObject({ code: 1, stderr: expect.stringContaining("line 5: its header is not") });
    writeFileSync(path, text({}));
    expect(await operated.tributary("dead-letters", "replay", path, "--yes")).toMatchObject({ code: 0 });
    const [sent = ""] = await keysBelow("raw", "input/customers/tributary-corrections/").then((keys) =>
      keys.slice(-1),
    );
    expect(await operated.tributary("dead-letters", "show", sent)).toMatchObject({ code: 0 });
  });

  test("publishes each of several objects of a line, and all rows of a file for Excel", async () => {
    const { key } = await click("d", "2026-05-12", [
      { line: 1, offset: 0, raw_text: '{"a":1}' },
      { line: 1, offset: 7, raw_text: '{"a":2}' },
    ]);
    const { path } = await exported(key, "several");
    expect(await operated.tributary("dead-letters", "replay", path, "--yes")).toMatchObject({ code: 0 });
    const [sent = ""] = await keysBelow("raw", "input/clicks/tributary-corrections/2026-05-12-");
    expect(await body(sent)).toBe('{"a":1}\n{"a":2}\n');
    const excel = await upload("excel.csv", "sep=,\nid,name", [{ line: 3, raw_text: "1,a" }]);
    expect((await exported(excel.key, "excel")).lines).toMatchObject([{ header: "sep=,\nid,name\n" }]);
  });

  test("keeps a manifest with replayed lines from being processed again, where they would be rows twice", async () => {
    const { path, key, version } = await exportedClick("6", "2026-05-06");
    const manifest = manifestKey(nameOf("6", "2026-05-06"));
    await operated.publish(
      nameOf("6", "2026-05-06"),
      [fileOf(key.slice("input/clicks/".length), { version })],
      {},
    );
    const before = await operated.tributary("reprocess", manifest);
    expect(before).toMatchObject({ code: 0 });
    await operated.tributary("dead-letters", "replay", path, "--yes");
    const after = await operated.tributary("reprocess", manifest);
    expect(after).toMatchObject({ code: 3, stdout: expect.stringContaining("were replayed") });
  });

  // begun, two claims, the upload, finished
  test.each([1, 2, 3, 4, 5])(
    "gives each line to one of two, of whom the other one comes before the write %i, and loses none",
    async (number) => {
      const date = `2026-04-0${number}`;
      const letters = [1, 2, 3].map((line) => ({ line, raw_text: "{" }));
      const { key } = await click("4", date, letters);
      const { path, lines } = await exported(key, date);
      const [one, other] = [lines.slice(0, 2), lines.slice(1)].map((part, index) => {
        const own = `${path}.${index}`;
        write(
          own,
          part.map((line) => ({ ...line, text: `{"line":${line.line}}` })),
        );
        return () => replay(operator(), { exported: [own], yes: true });
      });
      if (one === undefined || other === undefined) throw new Error("there are two");
      await interrupted(number, one, other);
      const sent = await keysBelow("raw", `input/clicks/tributary-corrections/${date}-`);
      const published = (await Promise.all(sent.map(body))).flatMap((text) => text.trimEnd().split("\n"));
      expect(published.sort()).toEqual(letters.map(({ line }) => `{"line":${line}}`));
    },
  );

  test("loses and doubles nothing, whatever write it is killed before or after", async () => {
    const letters = [1, 2].map((line) => ({ line, raw_text: "{" }));
    const wanted = letters.map(({ line }) => `{"line":${line}}\n`).join("");
    let day = 10;
    // begun, a claim of each line, the upload, finished
    for (let number = 1; number <= 5; number++) {
      for (const when of ["before", "after"] as const) {
        const date = `2026-06-${day++}`;
        const { key } = await click("5", date, letters);
        const { path, lines } = await exported(key, date);
        write(
          path,
          lines.map((line) => ({ ...line, text: `{"line":${line.line}}` })),
        );
        const kill = killAt(number, when);
        await expect(operated.tributary("dead-letters", "replay", path, "--yes")).resolves.toMatchObject({
          code: 1,
        });
        expect(kill.calls()).toBeGreaterThanOrEqual(number);
        jest.restoreAllMocks();
        // somebody else's replay finishes it, where it was begun
        const other = join(folder, "nothing.ndjson");
        write(other, []);
        await operated.tributary("dead-letters", "replay", other, "--yes");
        await operated.tributary("dead-letters", "replay", path, "--yes");
        const sent = await keysBelow("raw", `input/clicks/tributary-corrections/${date}-`);
        expect([number, when, await Promise.all(sent.map(body))]).toEqual([number, when, [wanted]]);
      }
    }
  });
});

describe("tributary withdraw", () => {
  const HEADER = '"id","name","email","date","amount","status"\n';

  /** What is left of a file: versions of it, its copies, its dead letters, and what the streaming job was asked for. */
  async function leftOf(key: string, object: string) {
    const { Versions = [] } = await operated.aws.s3.send(
      new ListObjectVersionsCommand({ Bucket: RAW, Prefix: key }),
    );
    const sizes = Versions.map(({ Size }) => Size);
    const letters = await keysBelow("quarantine", object);
    const orders = (await operated.take(READY)).map(({ Body = "" }) => JSON.parse(Body).generation);
    return { sizes, letters: letters.length, orders };
  }

  /** A published file of clicks. */
  async function published(digit: string, date: string) {
    const file = await click(digit, date, [{ line: 1, raw_text: "{" }]);
    const name = nameOf(digit, date);
    const uploadedAt = new Date().toISOString();
    const tracked = fileOf(file.key.slice("input/clicks/".length), {
      ...{ version: file.version, uploadedAt, manifestPath: manifestKey(name) },
    });
    await operated.track(tracked);
    await operated.publish(name, [tracked], {});
    return file;
  }

  test("says what it would do, and puts a version without rows in the place of an upload", async () => {
    const { key, object } = await upload("withdrawn.csv", "id,name", [{ line: 3, raw_text: "1" }]);
    await operated.put("raw", key, "id,name\n1,a\n");
    const dry = await operated.tributary("withdraw", key);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("2 versions would be deleted") });
    expect(await leftOf(key, object)).toEqual({ sizes: [12, 8], letters: 1, orders: [] });
    expect(await operated.tributary("withdraw", key, "--yes")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("not reached: older versions"),
    });
    expect(await leftOf(key, object)).toEqual({ sizes: [HEADER.length], letters: 0, orders: [] });
    expect(await body(key)).toBe(HEADER);
    const again = await operated.tributary("withdraw", key, "--yes", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({
      raw: [],
      steps: [expect.stringContaining("stands for it")],
    });
    expect(await leftOf(key, object)).toEqual({ sizes: [HEADER.length], letters: 0, orders: [] });
    expect(await operated.tributary("withdraw", "input/customers/never.csv")).toMatchObject({ code: 3 });
  });

  test("puts the declared header in the place of an upload that was quarantined for its own", async () => {
    const key = "input/customers/no-header.csv";
    await operated.put("raw", key, "id,name\n1,a\n");
    await operated.put("raw", key, Buffer.from("\uFEFFno header", "utf16le").toString("latin1"));
    expect(await operated.tributary("withdraw", key, "--yes")).toMatchObject({ code: 0 });
    expect(await body(key)).toBe(HEADER);
  });

  test("withdraws no version that its sender puts in the meantime", async () => {
    const { key } = await upload("newer.csv", "id,name", [{ line: 3, raw_text: "1" }]);
    const put = async () => {
      await operated.put("raw", key, "id,name\n1,a\n");
    };
    await interrupted(
      1,
      async () => {
        const outcome = await operated.tributary("withdraw", key, "--yes");
        expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("a newer version") });
      },
      put,
    );
    expect(await body(key)).toBe("id,name\n1,a\n");
  });

  test("takes a file out of its manifest, after a copy where one is wanted", async () => {
    const { key, version, object } = await published("7", "2026-07-01");
    await operated.tributary("withdraw", key, "--copy", "--yes");
    expect(await leftOf(key, object)).toEqual({ sizes: [], letters: 1, orders: [1] });
    const folder = quarantineFolder("withdrawn", { key, version });
    expect(await keysBelow("quarantine", folder)).toEqual([
      `${folder}/2026-07-01-7.ndjson`,
      `${folder}/reason.json`,
    ]);
    const note = `${folder}/reason.json`;
    expect(JSON.parse(await textOf(bucketName(environment, "quarantine"), note))).toMatchObject({
      ...{ bucket: RAW, key, version_id: version, reason: "withdrawn" },
      message: expect.stringContaining("withdrawn by arn:aws:"),
    });
  });

  test("takes a file also out of a manifest that lists it in the meantime", async () => {
    const { key, version, object } = await click("e", "2026-07-04", [{ line: 1, raw_text: "{" }]);
    const uploadedAt = new Date().toISOString();
    const tracked = fileOf(key.slice("input/clicks/".length), { version, uploadedAt });
    await operated.track(tracked);
    const { send } = S3Client.prototype;
    jest.spyOn(S3Client.prototype, "send").mockImplementation(async function (
      this: S3Client,
      command: object,
    ) {
      if (command instanceof DeleteObjectCommand) {
        const name = nameOf("e", "2026-07-04");
        await operated.track({ ...tracked, manifestPath: manifestKey(name) });
        await operated.publish(name, [tracked], {});
      }
      return Reflect.apply(send, this, [command]);
    } as never);
    expect(await operated.tributary("withdraw", key, "--yes")).toMatchObject({ code: 0 });
    expect(await leftOf(key, object)).toMatchObject({ sizes: [], orders: [1] });
  });

  /** A line that was replayed, with the file of its correction. */
  async function corrected(digit: string, date: string) {
    const { path, key } = await exportedClick(digit, date);
    const again = () => operated.tributary("dead-letters", "replay", path, "--yes");
    const sentOf = async () => {
      const [sent = ""] = await keysBelow("raw", `input/clicks/tributary-corrections/${date}-`);
      // its own manifest, of which no line was replayed
      const name = nameOf("9", date);
      await operated.track(
        fileOf(sent.slice("input/clicks/".length), { version: "x", date, manifestPath: manifestKey(name) }),
      );
      return sent;
    };
    return { key, again, sentOf };
  }

  test("keeps the texts of a correction until its manifest is asked for, and from a file that has its name alone", async () => {
    const { again, sentOf } = await corrected("f", "2026-07-05");
    await again();
    const sent = await sentOf();
    const begun = `corrections/begun/${/[0-9a-f]{32}/.exec(sent)?.[0]}.json`;
    const other = sent.replace("input/clicks/", "input/clicks/sent/");
    await operated.put("raw", other, "{}");
    await operated.track(fileOf(other.slice("input/clicks/".length), { version: "y" }));
    expect(await operated.tributary("dead-letters", "show", other)).toMatchObject({ code: 3 });
    expect(await operated.tributary("withdraw", other, "--yes")).toMatchObject({ code: 0 });
    expect(await keysBelow("curated", begun)).toEqual([begun]);
    // deletion, order
    killAt(2, "before");
    const killed = { code: 1, stderr: expect.stringContaining("killed") };
    expect(await operated.tributary("withdraw", sent, "--yes")).toMatchObject(killed);
    jest.restoreAllMocks();
    expect(await keysBelow("curated", begun)).toEqual([begun]);
    expect(await operated.tributary("withdraw", sent, "--yes")).toMatchObject({ code: 0 });
    expect(await keysBelow("curated", begun)).toEqual([]);
    await operated.take(READY);
  });

  test("is not undone by a replay that was on its way all the while", async () => {
    const { again, sentOf } = await corrected("0", "2026-07-06");
    let withdrawn: object = {};
    await interrupted(2, again, async () => {
      await again();
      withdrawn = await operated.tributary("withdraw", await sentOf(), "--yes");
    });
    expect(withdrawn).toMatchObject({ code: 0 });
    expect(await keysBelow("raw", "input/clicks/tributary-corrections/2026-07-06-")).toEqual([]);
    await operated.take(READY);
  });

  test("leaves a manifest alone whose next output would lose rows of others, or double replayed ones", async () => {
    const { key, object } = await published("8", "2026-07-02");
    const { path } = await exported(key, "2026-07-02");
    write(path, [{ ...JSON.parse(readFileSync(path, "utf8")), text: "{}" }]);
    await operated.tributary("dead-letters", "replay", path, "--yes");
    const refused = await operated.tributary("withdraw", key, "--yes");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("were replayed") });
    const [correction = ""] = await keysBelow("raw", "input/clicks/tributary-corrections/2026-07-02-");
    await operated.track(
      fileOf(correction.slice("input/clicks/".length), { version: "x", date: "2026-07-02" }),
    );
    expect(await operated.tributary("withdraw", correction, "--yes")).toMatchObject({ code: 0 });
    expect(await operated.tributary("dead-letters", "replay", path, "--yes")).toMatchObject({ code: 1 });
    expect(await leftOf(key, object)).toMatchObject({ orders: [] });
    expect(await operated.tributary("withdraw", key, "--yes")).toMatchObject({ code: 0 });
    expect(await leftOf(key, object)).toMatchObject({ sizes: [], orders: [1] });
    const other = await published("9", "2026-07-03");
    const old = fileOf("2026-07-03-old.ndjson", { uploadedAt: "2026-01-01T00:00:00Z" });
    const name = nameOf("9", "2026-07-03");
    await operated.publish(name, [fileOf("2026-07-03-9.ndjson", { version: other.version }), old], {});
    expect(await operated.tributary("withdraw", other.key)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("1 other files of"),
    });
  });

  // of a manifest: note, copy, deletion, order; of an upload: the version without rows, note, copy, deletion, dead letters
  test.each([
    ["manifests", 4],
    ["uploads", 5],
  ] as const)("comes to the same end in the pipeline %s wherever it is killed", async (pipeline, calls) => {
    for (let number = 1; number <= calls; number++) {
      for (const when of ["before", "after"] as const) {
        const date = `2026-08-${String(10 + number)}`;
        const name = `killed-${number}-${when}.csv`;
        const file =
          pipeline === "manifests"
            ? await published(when === "before" ? "a" : "b", date)
            : await upload(name, "id,name", [{ line: 3, raw_text: "1" }]);
        const kill = killAt(number, when);
        const killed = await operated.tributary("withdraw", file.key, "--copy", "--yes");
        expect([killed.code, kill.calls() >= number]).toEqual([1, true]);
        jest.restoreAllMocks();
        expect(await operated.tributary("withdraw", file.key, "--copy", "--yes")).toMatchObject({ code: 0 });
        const left = await leftOf(file.key, file.object);
        if (pipeline === "uploads") expect(left).toEqual({ sizes: [HEADER.length], letters: 0, orders: [] });
        else expect({ ...left, orders: left.orders.at(-1) }).toMatchObject({ sizes: [], orders: 1 });
      }
    }
  });
});
