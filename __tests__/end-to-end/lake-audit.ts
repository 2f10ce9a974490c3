import { type AttributeValue, ScanCommand } from "@aws-sdk/client-dynamodb";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { AUDIT_QUERIES } from "../../constructs/catalog/audit-queries";
import { AUDITED_FILES, latestFilesSql } from "../../constructs/catalog/audit-tables";
import { functionName, type Pipeline, trackingTableName, uploadsTableName } from "../../environments/schema";
import { query } from "../../local/outcome/athena";
import { clientsOf } from "../../local/platform/clients";
import { AUDIT_INCOMING } from "../../runtime/audit";
import { CORRECTIONS } from "../../runtime/corrections";
import { latestViewName } from "../../runtime/manifests/latest-view";
import { isSmokeKey } from "../../runtime/smoke";
import { eventually } from "../support/eventually";
import {
  curatedBucket,
  environment,
  idle,
  quarantineBucket,
  type TestPlatform,
  textOf,
} from "../support/local-platform";

/** Status, rows and dead letters of each version, by key and version. */
type Told = Record<string, string>;

const PIPELINES: readonly Pipeline[] = ["ledger", "manifests", "uploads"];

/** Words of the books for the states that the audit tells. */
const STATUSES: Readonly<Record<string, string>> = {
  processed: "published",
  completed: "published",
  SUCCEEDED: "published",
  PARTIAL: "published",
  QUARANTINED: "quarantined",
  failed: "gone",
};

/**
 * Holds the audit of all that other tests did against the books and the outputs.
 *
 * @param leftOutOf keys and versions that are left out
 */
export function auditLake(platformOf: () => TestPlatform, leftOutOf: () => ReadonlySet<unknown>): void {
  describe("the lake's audit", () => {
    let platform: TestPlatform;
    let leftOut: ReadonlySet<unknown>;

    beforeAll(async () => {
      platform = platformOf();
      leftOut = leftOutOf();
      await idle(platform);
      await eventually("all rows to be merged", async () => {
        const FunctionName = functionName(environment, "lake-audit");
        await platform.lambda.send(new InvokeCommand({ FunctionName }));
        const listing = { Bucket: curatedBucket, Prefix: AUDIT_INCOMING };
        return (await platform.s3.send(new ListObjectsV2Command(listing))).KeyCount === 0;
      });
    });

    test("tells of each upload what its table has, and the rows of the outputs", async () => {
      const books = await scan(uploadsTableName(environment));
      const expected = books
        .filter(({ version }) => !leftOut.has(version?.S))
        .filter(({ status, key }) => status?.S !== undefined && !isSmokeKey(key?.S ?? ""))
        .map(({ key, version, status, counts, withdrawn }): [string, (string | undefined)[]] => [
          `${key?.S} ${version?.S}`,
          [
            withdrawn && status?.S === "processed" ? "withdrawn" : status?.S,
            counts?.M?.["output_count"]?.N ?? "",
            counts?.M?.["rejected_count"]?.N ?? "",
          ],
        ]);
      expect(await told("uploads")).toEqual(stated(expected));
      const published =
        'SELECT "key", "rows" FROM latest WHERE pipeline = \'uploads\' AND status IN (%) ORDER BY 1';
      const rows = await answers(published.replace("%", "'published'"));
      const unchanged = await answers(published.replace("%", "'unchanged'"));
      const recounted = await answers("SELECT source_file, count(*) FROM customers GROUP BY 1 ORDER BY 1");
      const withRows = new Map(recounted.map(([key, count]) => [key, count]));
      for (const [key, count] of rows) expect([key, count]).toEqual([key, withRows.get(key)]);
      expect([...rows, ...unchanged].map(([key]) => key).sort()).toEqual([...withRows.keys()].sort());
    });

    test("tells of each file of a manifest what the tracking table has, and the rows of the outputs", async () => {
      const books = await scan(trackingTableName(environment));
      const told = books.filter(({ version }) => !leftOut.has(version?.S));
      const ended = told.filter(
        ({ status, job_run_id, manifest_path, file_name }) =>
          (job_run_id || (status?.S === "quarantined" && !manifest_path)) && !isSmokeKey(file_name?.S ?? ""),
      );
      expect(ended.some(({ job_run_id }) => !job_run_id)).toBe(true);
      const latest = await answers(
        'SELECT "key", version, status, "rows" FROM latest WHERE pipeline = \'manifests\' ORDER BY 1, 2',
      );
      const taken = await withdrawn();
      expect(new Set(latest.map(([, version, status]) => `${version} ${status}`))).toEqual(
        new Set(
          ended.map(({ version, status }) => {
            const said = STATUSES[status?.S ?? ""] ?? status?.S;
            return `${version?.S} ${taken.has(version?.S) ? "withdrawn" : said}`;
          }),
        ),
      );
      const recounted = await answers(
        "SELECT _source_file, _source_version, count(*) FROM clicks GROUP BY 1, 2 ORDER BY 1, 2",
      );
      const published = latest.filter(([, , , rows]) => rows !== "0" && rows !== "");
      expect(published.map(([key, version, , rows]) => [key, version, rows])).toEqual(recounted);
    });

    test("tells of each raw JSON file what the ledger has, and the rows of the outputs", async () => {
      const client = platform.ledger.client();
      await client.connect();
      const { rows: books } = await client.query(
        "SELECT s3_key, version_id, outcome FROM ledger.files JOIN ledger.outcomes ON file_id = id WHERE dataset = 'ml_events'",
      );
      await client.end();
      const latest = await answers(
        'SELECT "key", version, status, "rows" FROM latest WHERE pipeline = \'ledger\' ORDER BY 1, 2',
      );
      const taken = await withdrawn();
      expect(
        Object.fromEntries(latest.map(([key, version, status]) => [`${key} ${version}`, status])),
      ).toEqual(
        Object.fromEntries(
          books
            .filter(({ version_id }) => !leftOut.has(version_id))
            .map(({ s3_key, version_id, outcome }) => [
              `${s3_key} ${version_id}`,
              taken.has(version_id) ? "withdrawn" : STATUSES[outcome],
            ]),
        ),
      );
      const recounted = await answers("SELECT source_version, count(*) FROM ml_events GROUP BY 1 ORDER BY 1");
      const published = latest.filter(([, , , rows]) => rows !== "0" && rows !== "");
      expect(published.map(([, version, , rows]) => [version, rows]).sort()).toEqual(recounted);
    });

    test("tells of corrected lines as of any file, and of what was withdrawn that nothing is left", async () => {
      const corrections = await answers(
        `SELECT pipeline, max("rows"), max(dead_letters) FROM ${AUDITED_FILES} WHERE "key" LIKE '%/${CORRECTIONS}%' GROUP BY 1 ORDER BY 1`,
      );
      expect(corrections).toEqual(PIPELINES.map((pipeline) => [pipeline, "1", "1"]));
      const left = await answers(
        "SELECT pipeline, max(\"rows\"), max(dead_letters) FROM latest WHERE status = 'withdrawn' GROUP BY 1 ORDER BY 1",
      );
      expect(left).toEqual(PIPELINES.map((pipeline) => [pipeline, "0", "0"]));
    });

    test.each(AUDIT_QUERIES)('answers "$name"', async ({ sql }) => {
      // the answers of yesterday are empty here
      await expect(answers(sql)).resolves.toBeDefined();
    });

    test("shares what the runs cost among the datasets", async () => {
      const { sql = "" } = AUDIT_QUERIES.find(({ id }) => id === "cost-by-dataset") ?? {};
      const shares = await answers(`SELECT pipeline, count(*) FROM (${sql}) AS shares GROUP BY 1 ORDER BY 1`);
      expect(shares).toEqual(PIPELINES.map((pipeline) => [pipeline, "1"]));
    });

    async function told(pipeline: Pipeline): Promise<Told> {
      const rows = await answers(
        `SELECT "key", version, status, "rows", dead_letters FROM latest WHERE pipeline = '${pipeline}'`,
      );
      return stated(rows.map(([key, version, ...facts]) => [`${key} ${version}`, facts]));
    }

    /** The rows of an answer; the emulator has no views, so that `latest` stands for the query of one. */
    async function answers(sql: string): Promise<(readonly string[])[]> {
      const view = new RegExp(`\\b(latest|${latestViewName(AUDITED_FILES)})\\b`);
      const { rows } = await query(
        clientsOf(platform.aws).settings,
        environment,
        sql.replace(view, `(${latestFilesSql()}) AS latest`),
      );
      return rows.slice(1).filter((row) => !row.some((value) => leftOut.has(value)));
    }

    /** Versions that were taken out of the lake, as their withdrawal noted. */
    async function withdrawn(): Promise<ReadonlySet<unknown>> {
      const listing = { Bucket: quarantineBucket, Prefix: "quarantine/withdrawn/" };
      const { Contents = [], IsTruncated } = await platform.s3.send(new ListObjectsV2Command(listing));
      expect(IsTruncated).not.toBe(true);
      const notes = Contents.filter(({ Key }) => Key?.endsWith("/reason.json"));
      const texts = await Promise.all(notes.map(({ Key = "" }) => textOf(platform, quarantineBucket, Key)));
      return new Set(texts.map((text) => JSON.parse(text ?? "").version_id));
    }

    async function scan(TableName: string): Promise<Record<string, AttributeValue>[]> {
      const { Items = [], LastEvaluatedKey } = await platform.dynamo.send(
        new ScanCommand({ TableName, ConsistentRead: true }),
      );
      expect(LastEvaluatedKey).toBeUndefined();
      return Items;
    }
  });
}

function stated(versions: readonly (readonly [string, readonly (string | undefined)[]])[]): Told {
  return Object.fromEntries(
    versions.map(([version, [status = "", ...counts]]) => [
      version,
      [STATUSES[status] ?? status, ...counts].join(" "),
    ]),
  );
}
