import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { functionName } from "../../environments/schema";
import { query } from "../../local/outcome/athena";
import { clientsOf } from "../../local/platform/clients";
import { ROOT } from "../../setup/paths";
import { s3Event } from "../handlers/support/events";
import { eventually } from "../support/eventually";
import { environment, finished, HEADER, rawBucket, type TestPlatform } from "../support/local-platform";
import { type Outcome, outcomeOf } from "../support/outcome";
import { RawJson } from "../support/raw-json";

const TODAY = new Date().toISOString().slice(0, 10);
const EVENT = { event_timestamp: 1_769_900_000, MODE: "train" };

/** A file of each pipeline with a good line, one that is corrected well, and one that stays broken. */
const FILES = {
  customers: {
    key: "input/customers/to-correct.csv",
    body: `amount,${HEADER.replace("amount,", "")}\n1,good,A,a@b.de,01-04-2025,x\n2,B\n3,C\n`,
    lines: ["2,corrected,B,b@b.de,01-04-2025,x", "3,still"],
    hears: "uploads-trigger",
    count: "SELECT id, amount_category FROM customers WHERE id = 'corrected'",
    row: ["corrected", "low"],
    good: "SELECT id FROM customers WHERE id = 'good'",
  },
  clicks: {
    key: `input/clicks/${TODAY}-to-correct.ndjson`,
    body: `${`${JSON.stringify({ page: "good", filler: "x".repeat(1000) })}\n`.repeat(3420)}{"page":\n{"page"\n`,
    lines: ['{"page":"corrected"}', '{"page":"still","page":"still"}'],
    hears: "manifests-builder",
    // the emulator knows columns by the objects that are left
    count: `SELECT _source_line FROM clicks WHERE _source_file LIKE 'input/clicks/tributary-corrections/${TODAY}-%'`,
    row: ["1"],
    good: `SELECT _source_line FROM clicks WHERE _source_file = 'input/clicks/${TODAY}-to-correct.ndjson'`,
  },
  ml_events: {
    key: "raw-json-data/2026/week09/to-correct.json",
    body: `${JSON.stringify({ id: "good", ...EVENT })}\n{"id":"b",\n{"id":"c"\n`,
    lines: [JSON.stringify({ id: "corrected", ...EVENT }), '{"id":"still"}'],
    hears: "ledger-registrar",
    count: "SELECT record_id, mode FROM ml_events WHERE record_id = 'corrected'",
    row: ["corrected", "train"],
    good: "SELECT record_id FROM ml_events WHERE record_id = 'good'",
  },
} as const;

type Name = keyof typeof FILES;
const NAMES = Object.keys(FILES) as Name[];

/** Lines that every pipeline rejected are corrected and sent again, with the operator's command alone. */
export function correctLines(platformOf: () => TestPlatform): void {
  describe("lines that were corrected", () => {
    let platform: TestPlatform;
    let rawJson: RawJson;
    let exported = "";
    const versions = new Map<string, string>();
    let sent: readonly { readonly dataset: Name; readonly key: string; readonly lines: number }[] = [];

    beforeAll(() => {
      platform = platformOf();
      rawJson = new RawJson(platform);
    });

    test("are told from those that were good, in every pipeline", async () => {
      for (const { key, body } of Object.values(FILES)) await put(key, body);
      await lettersAre(NAMES.map((name) => [FILES[name].key, 2]));
    });

    test("are published once each, in files of their datasets, and are dead letters again where still broken", async () => {
      const to = join(platform.output, "to-correct");
      const keys = Object.values(FILES).map(({ key }) => key);
      expect(await tributary("dead-letters", "export", ...keys, "--to", to)).toMatchObject({ code: 0 });
      for (const file of readdirSync(to)) {
        const { lines } = FILES[file.replace(".ndjson", "") as Name];
        const given = readFileSync(join(to, file), "utf8").trimEnd().split("\n");
        const edited = given.map((line, index) =>
          JSON.stringify({ ...JSON.parse(line), text: lines[index] }),
        );
        writeFileSync(join(to, file), `${edited.join("\n")}\n`);
      }
      exported = join(to, "customers.ndjson");
      const files = readdirSync(to).map((file) => join(to, file));
      const replayed = await tributary("dead-letters", "replay", ...files, "--yes", "--json");
      sent = JSON.parse(replayed.stdout).files;
      expect(sent.map(({ dataset, lines }) => [dataset, lines]).sort()).toEqual(
        NAMES.toSorted().map((name) => [name, 2]),
      );
      await lettersAre(sent.map(({ key }) => [key, 1]));
      for (const name of NAMES) {
        await eventually(`the row of ${name}`, async () => (await rowsOf(FILES[name].count)).length > 0);
        expect(await rowsOf(FILES[name].count)).toEqual([FILES[name].row]);
      }
    });

    test("are refused a second time, also by the ledger that is sent their file again", async () => {
      const again = await tributary("dead-letters", "replay", exported, "--yes", "--json");
      expect(again.code).toBe(1);
      expect(JSON.parse(again.stdout)).toMatchObject({ files: [], refused: [{ line: 3 }, { line: 4 }] });
      const { key = "" } = sent.find(({ dataset }) => dataset === "ml_events") ?? {};
      await put(key, "[\n{}\n]\n");
      await rawJson.list();
      const { stdout } = await tributary("ledger", "files", key, "--json");
      expect(stdout.trimEnd().split("\n")).toHaveLength(1);
      expect(await rowsOf(FILES.ml_events.count)).toEqual([FILES.ml_events.row]);
    });

    test("leave the lake with their files, which can then be withdrawn, too", async () => {
      // while lines of it are replayed, a manifest or a batch is not published again
      for (const name of ["clicks", "ml_events"] as const) {
        expect(await tributary("withdraw", FILES[name].key)).toMatchObject({ code: 1 });
      }
      await withdrawn(sent.map(({ key }) => key));
      await withdrawn(Object.values(FILES).map(({ key }) => key));
      await rowsAre(
        Object.values(FILES).flatMap(({ count, good }) => [[count, 0] as const, [good, 0] as const]),
      );
      await lettersAre([...sent, ...Object.values(FILES)].map(({ key }) => [key, 0]));
    });

    test("stay away when their events come late, or again", async () => {
      for (const name of NAMES) {
        const { key, hears } = FILES[name];
        const version = versions.get(key) ?? "";
        // one that was heard of before, and one whose event was lost until now
        for (const each of [version, `${version}-lost`]) {
          const event = s3Event({ bucket: rawBucket, key, version: each, sequencer: "00" });
          const message = { messageId: "late", body: JSON.stringify(event) };
          await hear(hears, name === "customers" ? event : { Records: [message] });
        }
        if (name === "customers") await finished(platform, key, `${version}-lost`);
      }
      await rawJson.startBatchJob();
      const gone = `${FILES.ml_events.key} of both versions`;
      await eventually(gone, async () => {
        const { stdout } = await tributary("ledger", "files", FILES.ml_events.key, "--json");
        const statuses = stdout
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line).status);
        return statuses.length === 2 && statuses.every((status) => status === "quarantined");
      });
      await rowsAre(
        Object.values(FILES).flatMap(({ count, good }) => [[count, 0] as const, [good, 0] as const]),
      );
    });

    async function hear(name: (typeof FILES)[Name]["hears"], event: object): Promise<void> {
      const FunctionName = functionName(environment, name);
      const { FunctionError, Payload } = await platform.lambda.send(
        new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
      );
      expect(FunctionError).toBeUndefined();
      const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString());
      expect([null, { batchItemFailures: [] }]).toContainEqual(answer);
    }

    async function withdrawn(keys: readonly string[]): Promise<void> {
      const outcomes = await Promise.all(keys.map((key) => tributary("withdraw", key, "--copy", "--yes")));
      expect(outcomes).toEqual(keys.map(() => expect.objectContaining({ code: 0 })));
    }

    /** Waits until each query has so many rows; of the ledger, a run has to be asked for. */
    async function rowsAre(wanted: readonly (readonly [string, number])[]): Promise<void> {
      await eventually("the rows", async () => {
        const counts = await Promise.all(wanted.map(async ([sql]) => (await rowsOf(sql)).length));
        if (counts.every((count, index) => count === wanted[index]?.[1])) return true;
        await rawJson.startBatchJob();
        return false;
      });
    }

    async function put(Key: string, Body: string): Promise<void> {
      const { VersionId = "" } = await platform.s3.send(
        new PutObjectCommand({ Bucket: rawBucket, Key, Body }),
      );
      versions.set(Key, VersionId);
    }

    /** Waits until each file has so many dead letters; of the ledger, a run has to be asked for. */
    async function lettersAre(wanted: readonly (readonly [string, number])[]): Promise<void> {
      await eventually("the dead letters", async () => {
        const counts = await Promise.all(
          wanted.map(async ([key]) => {
            const { code, stdout } = await tributary("dead-letters", "list", key, "--json");
            return code === 0 ? stdout.trimEnd().split("\n").length : 0;
          }),
        );
        if (counts.every((count, index) => count === wanted[index]?.[1])) return true;
        await rawJson.startBatchJob();
        return false;
      });
    }

    async function rowsOf(sql: string): Promise<readonly (readonly string[])[]> {
      const { rows } = await query(clientsOf(platform.aws).settings, environment, sql);
      return rows.slice(1);
    }

    function tributary(...words: readonly string[]): Promise<Outcome> {
      const command = [process.execPath, "cli/tributary.js", ...words, "--environment", "local"];
      return outcomeOf(command, ROOT, platform.aws.environment);
    }
  });
}
