import { PassThrough } from "node:stream";
import {
  CreateDatabaseCommand,
  CreateTableCommand,
  GetTableCommand,
  type Table,
  UpdateTableCommand,
} from "@aws-sdk/client-glue";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { dropColumns } from "../../../cli/operator/catalog/columns";
import type { Operator } from "../../../cli/operator/command/operator";
import { Terminal } from "../../../cli/operator/command/terminal";
import { controlTableName, databaseName } from "../../../environments/schema";
import { answer } from "../../../handlers/control-plane/answer";
import type { ControlPlane } from "../../../handlers/control-plane/plane";
import { SYSTEM_CLOCK } from "../../../runtime/clock";
import { admitColumns, declareColumns } from "../../../runtime/undeclared-columns";
import { environment, type Operated, startOperated } from "./operated";

const DATABASE = databaseName(environment);
const DECLARED = ["_source_file", "_other"];

let operated: Operated;

const control = () => ({ client: operated.aws.dynamo, name: controlTableName(environment) });
const named = (names: readonly string[]) => names.map((Name) => ({ Name, Type: "string" }));

beforeAll(async () => {
  operated = await startOperated();
  const { glue } = operated.aws;
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DATABASE } }));
  for (const Name of ["clicks", "ml_events"]) {
    const StorageDescriptor = { Columns: named([...DECLARED, "page", "left_over"]) };
    const TableInput = { Name, PartitionKeys: named(["date"]), StorageDescriptor };
    await glue.send(new CreateTableCommand({ DatabaseName: DATABASE, TableInput }));
    await declareColumns(control(), Name, DECLARED);
  }
  await admitColumns(control(), "clicks", ["page", "waiting"]);
  // of a pipeline that was switched off: its table is gone
  await declareColumns(control(), "gone", DECLARED);
});

afterAll(() => operated.stop());

async function columns(): Promise<(string | undefined)[]> {
  const { Table } = await operated.aws.glue.send(
    new GetTableCommand({ DatabaseName: DATABASE, Name: "clicks" }),
  );
  return (Table as Table).StorageDescriptor?.Columns?.map(({ Name }) => Name) ?? [];
}

describe("tributary columns", () => {
  test("counts those of each dataset against the cap", async () => {
    const { code, stdout } = await operated.tributary("columns");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^clicks +2 +500$/m);
    expect(stdout).toMatch(/^ml_events +0 +500$/m);
    expect(stdout).not.toContain("gone");
  });

  test("shows those of a dataset, and where each stands", async () => {
    const { stdout } = await operated.tributary("columns", "--dataset", "clicks", "--json");
    expect(JSON.parse(stdout)).toEqual({
      most: 500,
      datasets: [
        {
          dataset: "clicks",
          columns: [
            { name: "left_over", admitted: false, inTable: true },
            { name: "page", admitted: true, inTable: true },
            { name: "waiting", admitted: true, inTable: false },
          ],
        },
      ],
    });
    const shown = await operated.tributary("columns", "list", "--dataset", "clicks");
    expect(shown.stdout).toMatch(/^left_over +no, in _other +yes$/m);
    expect(shown.stdout).toContain("2 of at most 500 undeclared columns of clicks");
  });
});

describe("tributary columns drop", () => {
  const drop = (...names: readonly string[]) =>
    operated.tributary("columns", "drop", "--dataset", "clicks", "--column", ...names);

  test("only says what it would do", async () => {
    const { code, stdout } = await drop("page", "left_over");
    expect(code).toBe(0);
    expect(stdout).toContain("would drop from clicks: page, left_over\n");
    expect(stdout).toContain("the Parquet files keep the values");
    expect(stdout).toContain("repeat with --yes");
    expect(await columns()).toEqual([...DECLARED, "page", "left_over"]);
  });

  test.each([
    ["_other", 1, "expected undeclared columns, got _other"],
    ["date", 1, "expected undeclared columns, got date"],
    ["unknown", 3, "clicks has no column unknown"],
  ])("refuses %s", async (name, code, message) => {
    const outcome = await drop("page", name, "--yes");
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain(message);
    expect(await columns()).toContain("page");
  });

  test("says that the pipeline of the dataset is off", async () => {
    const uploads = { ...environment, pipelines: ["uploads" as const] };
    const dropping = dropColumns(
      { ...operator({}), environment: uploads },
      { dataset: "clicks", column: ["page"] },
    );
    await expect(dropping).rejects.toThrow("local: the pipeline manifests is off");
  });

  test("asks the control plane to drop them with --yes", async () => {
    const asked: unknown[] = [];
    const lambda = {
      send: async ({ input }: { input: { FunctionName: string; Payload: string } }) => {
        asked.push(input.FunctionName);
        await answer(plane(), JSON.parse(input.Payload));
        return {};
      },
    } as unknown as LambdaClient;
    await dropColumns(operator({ lambda }), { dataset: "clicks", column: ["page", "waiting"], yes: true });
    expect(asked).toEqual(["tributary-local-control-plane"]);
    expect(await columns()).toEqual([...DECLARED, "left_over"]);
    const { stdout } = await operated.tributary("columns", "--dataset", "clicks");
    expect(stdout).toContain("0 of at most 500 undeclared columns of clicks");
  });

  test("tells why the control plane failed", async () => {
    const Payload = Buffer.from(JSON.stringify({ errorMessage: "the catalog is away" }));
    const lambda = { send: async () => ({ FunctionError: "Unhandled", Payload }) } as unknown as LambdaClient;
    const dropping = dropColumns(operator({ lambda }), {
      dataset: "clicks",
      column: ["left_over"],
      yes: true,
    });
    await expect(dropping).rejects.toThrow(
      "control-plane: the catalog is away; tributary logs control-plane",
    );
  });
});

test("an update that keeps no old version still moves the version that guards the next one", async () => {
  const { glue } = operated.aws;
  const read = async () =>
    (await glue.send(new GetTableCommand({ DatabaseName: DATABASE, Name: "ml_events" }))).Table as Table;
  const before = await read();
  const update = (VersionId: string | undefined) =>
    new UpdateTableCommand({
      DatabaseName: DATABASE,
      TableInput: { Name: "ml_events", StorageDescriptor: { Columns: named(["a"]) } },
      SkipArchive: true,
      VersionId,
    });
  await glue.send(update(before.VersionId));
  await expect(glue.send(update(before.VersionId))).rejects.toThrow();
});

function operator(aws: Partial<Operator["aws"]>): Operator {
  const { signal } = new AbortController();
  return {
    environment,
    aws: { ...operated.aws, ...aws },
    terminal: new Terminal(true, new PassThrough()),
    signal,
    now: new Date(),
  };
}

function plane(): ControlPlane {
  return {
    control: control(),
    catalog: { client: operated.aws.glue, database: DATABASE },
    clock: SYSTEM_CLOCK,
  } as unknown as ControlPlane;
}
