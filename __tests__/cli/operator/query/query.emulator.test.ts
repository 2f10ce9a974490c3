import { PassThrough } from "node:stream";
import {
  type AthenaClient,
  CreateWorkGroupCommand,
  ListQueryExecutionsCommand,
  StopQueryExecutionCommand,
  UpdateWorkGroupCommand,
} from "@aws-sdk/client-athena";
import { CreateDatabaseCommand, CreateTableCommand } from "@aws-sdk/client-glue";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Operator } from "../../../../cli/operator/command/operator";
import { Terminal } from "../../../../cli/operator/command/terminal";
import { query } from "../../../../cli/operator/query/query";
import { bucketName, databaseName, workgroupName } from "../../../../environments/schema";
import { environment, type Operated, startOperated } from "../operated";

const WorkGroup = workgroupName(environment);
/** A reversal of the writing, which a terminal would obey. */
const REVERSED = "\u202e";
const ROWS = [
  { id: "1", name: 'say "hi", you', amount: "1.10" },
  { id: "2", name: "", amount: null },
  { id: "3", name: `a${REVERSED}b`, amount: "12345678901234567.89" },
];
const LINES = ROWS.map((row) => JSON.stringify(row)).join("\n");

let operated: Operated;

beforeAll(async () => {
  operated = await startOperated();
  const { athena, glue } = operated.aws;
  const DatabaseName = databaseName(environment);
  await operated.put("curated", "tables/customers/a.json", LINES);
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DatabaseName } }));
  const StorageDescriptor = {
    Location: `s3://${bucketName(environment, "curated")}/tables/customers/`,
    Columns: Object.keys(ROWS[0] ?? {}).map((Name) => ({ Name, Type: "string" })),
  };
  const TableInput = { Name: "customers", StorageDescriptor, Parameters: { classification: "json" } };
  await glue.send(new CreateTableCommand({ DatabaseName, TableInput }));
  const ResultConfiguration = { OutputLocation: `s3://${bucketName(environment, "curated")}/results/` };
  await athena.send(new CreateWorkGroupCommand({ Name: WorkGroup, Configuration: { ResultConfiguration } }));
});

afterAll(() => operated.stop());

const ALL = "SELECT id, name, amount FROM customers ORDER BY id";
/** What each form tells beside its answer. */
const TOLD = new RegExp(
  `^3 rows, ${Buffer.byteLength(LINES)} B scanned, \\$0\\.00005 at list price, \\d+ s\n$`,
);

async function countOfQueries(): Promise<number> {
  const { QueryExecutionIds = [] } = await operated.aws.athena.send(
    new ListQueryExecutionsCommand({ WorkGroup }),
  );
  return QueryExecutionIds.length;
}

describe("tributary query", () => {
  test("answers as a table, and tells what was scanned and its price beside it", async () => {
    const { code, stdout, stderr } = await operated.tributary("query", ALL);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(TOLD) });
    expect(stdout.split("\n")).toEqual([
      "id  name           amount",
      "──  ─────────────  ────────────────────",
      '1   say "hi", you  1.10',
      '2   ""             -',
      "3   a\\u{202e}b     12345678901234567.89",
      "",
    ]);
  });

  test("answers as JSON, an object a line, with every digit", async () => {
    const { code, stdout, stderr } = await operated.tributary("query", ALL, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(TOLD) });
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(ROWS);
    expect(stdout).not.toContain(REVERSED);
  });

  test("answers as CSV, with a null apart from an empty text", async () => {
    const { code, stdout } = await operated.tributary("query", ALL, "--csv");
    expect(code).toBe(0);
    expect(stdout).toBe(
      'id,name,amount\n1,"say ""hi"", you",1.10\n2,"",\n3,a\\u{202e}b,12345678901234567.89\n',
    );
  });

  test("reads an answer page by page", async () => {
    const { code, stdout, stderr } = await operated.tributary(
      "query",
      "SELECT number FROM (SELECT unnest(range(2500)) AS number) ORDER BY number",
      "--csv",
    );
    expect(code).toBe(0);
    expect(stdout).toBe(`number\n${Array.from({ length: 2500 }, (_, number) => `${number}\n`).join("")}`);
    expect(stderr).toMatch(/^2,500 rows, 0 B scanned, /);
  });

  test("tells an empty answer by its exit code", async () => {
    const { code, stdout } = await operated.tributary(
      "query",
      `${ALL.replace("ORDER", "WHERE id = '9' ORDER")}`,
    );
    expect(code).toBe(3);
    expect(stdout).toMatch(/^id {2}name {2}amount$/m);
  });

  test("refuses to lose a column of two with one name", async () => {
    const words = ["query", "SELECT id, name AS id FROM customers", "--json"];
    expect(await operated.tributary(...words)).toEqual({
      code: 1,
      stdout: "",
      stderr: 'error: --json: two columns are called "id": name one of them with AS, or take --csv\n',
    });
  });

  test("names the tables where one does not exist", async () => {
    const { code, stderr } = await operated.tributary("query", "SELECT * FROM custommers");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: athena query \S+ failed, 0 B scanned, free, \d+ s: .*custommers/);
    expect(stderr).toContain(`tables of ${databaseName(environment)}: customers\n`);
  });

  test("only says what a statement would change until it is told to", async () => {
    const before = await countOfQueries();
    const dry = await operated.tributary("query", "DROP TABLE customers");
    expect(dry).toEqual({
      code: 0,
      stdout:
        `would run this DROP in the database ${databaseName(environment)}: DROP TABLE customers\n` +
        "nothing was changed: repeat with --yes\n",
      stderr: "",
    });
    const { stdout } = await operated.tributary("query", "DROP TABLE customers", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ applied: false, statement: "DROP" });
    expect(await countOfQueries()).toBe(before);

    const create =
      "CREATE EXTERNAL TABLE of_mine (id string) LOCATION 's3://tributary-local-curated/tables/customers/'";
    const { code, stderr } = await operated.tributary("query", create, "--yes");
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^0 rows, 0 B scanned, free, \d+ s\nto undo: a statement of your own/),
    });
    expect((await operated.tributary("query", "DROP TABLE of_mine", "--yes")).code).toBe(0);
  });

  test("tells the workgroup's limit when it stopped the query", async () => {
    const limit = (BytesScannedCutoffPerQuery: number) =>
      operated.aws.athena.send(
        new UpdateWorkGroupCommand({ WorkGroup, ConfigurationUpdates: { BytesScannedCutoffPerQuery } }),
      );
    await limit(100);
    try {
      const { code, stdout, stderr } = await operated.tributary("query", ALL);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(
        /^error: athena query \S+ cancelled, 100 B scanned, \$0\.00005 at list price, \d+ s: Bytes scanned limit was exceeded; /,
      );
      expect(stderr).toContain(
        `a query of workgroup ${WorkGroup} may scan 1,000 GB (storage.queryGigabytes): read fewer partitions or columns`,
      );
    } finally {
      await limit(1e12);
    }
  });

  test("cancels the query at Ctrl-C, and tells what it cost", async () => {
    const interruption = new AbortController();
    const sent: string[] = [];
    const athena = {
      send: async (command: object) => {
        sent.push(command.constructor.name.replace("Command", ""));
        if (sent.length === 3) interruption.abort();
        const State = sent.includes("StopQueryExecution") ? "CANCELLED" : "RUNNING";
        const Statistics = { DataScannedInBytes: 2e9, TotalExecutionTimeInMillis: 61_000 };
        return { QueryExecutionId: "q", QueryExecution: { Status: { State }, Statistics } };
      },
    } as unknown as AthenaClient;
    const errors = new PassThrough();
    const operator: Operator = {
      environment,
      aws: { ...operated.aws, athena },
      terminal: new Terminal(false, new PassThrough(), errors),
      signal: interruption.signal,
      now: new Date(),
    };
    expect(await query(operator, { sql: ALL })).toBe(130);
    expect(String(errors.read())).toBe(
      "cancelled query q: 2.00 GB scanned, $0.01 at list price, 1 min 1 s\n",
    );
    expect(sent.slice(3)).toEqual([
      StopQueryExecutionCommand.name.replace("Command", ""),
      "GetQueryExecution",
    ]);
  });
});
