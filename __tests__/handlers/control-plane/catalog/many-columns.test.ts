import { ConditionalCheckFailedException, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { GlueClient, Table, TableInput } from "@aws-sdk/client-glue";
import { describe, expect, test } from "@jest/globals";
import { keepViewInStep } from "../../../../handlers/control-plane/catalog/columns";
import { keepCatalogInStep } from "../../../../handlers/control-plane/catalog/schema-drift";
import { ColumnsLeftError } from "../../../../handlers/control-plane/errors";
import type { ControlPlane } from "../../../../handlers/control-plane/plane";
import type { Receipt } from "../../../../runtime/manifests/manifests";
import { MAX_UNDECLARED_COLUMNS } from "../../../../runtime/undeclared-columns";
import { clientDouble, clockDouble } from "../../support/doubles";
import { keepLogs } from "../../support/logs";

keepLogs();

const ANNOUNCED = new ConditionalCheckFailedException({
  message: "the condition does not hold",
  $metadata: {},
  Item: { announced_at: { S: "2026-01-31T12:00:00.000Z" } },
});

const named = (count: number) =>
  Array.from({ length: count }, (_, number) => `column_${String(number).padStart(13, "0")}`);

const columns = (names: readonly string[]) => names.map((Name) => ({ Name, Type: "string" }));

function viewText(names: readonly string[]): string {
  const definition = { originalSql: "SELECT 1", columns: names.map((name) => ({ name, type: "varchar" })) };
  return `/* Presto View: ${Buffer.from(JSON.stringify(definition)).toString("base64")} */`;
}

/** A catalog with the dataset `clicks` and its view, which refuses what Glue would. */
function makeCatalog(names: readonly string[] = []) {
  const tables = new Map<string, Table>([
    ["clicks", { Name: "clicks", StorageDescriptor: { Columns: columns(names) } }],
    ["clicks_latest", { Name: "clicks_latest", ViewOriginalText: viewText([]), StorageDescriptor: {} }],
  ]);
  const { client, sent } = clientDouble<GlueClient>({
    GetTableCommand: ({ Name }) => ({ Table: tables.get(Name) }),
    UpdateTableCommand: ({ TableInput }: { TableInput: TableInput }) => {
      if ((TableInput.ViewOriginalText ?? "").length > 409_600) return new Error("InvalidInputException");
      tables.set(TableInput.Name ?? "", TableInput as Table);
      return {};
    },
  });
  const shown = (name: string) =>
    (tables.get(name)?.StorageDescriptor?.Columns ?? []).map(({ Name }) => Name);
  return { catalog: { client, database: "test" }, sent, shown };
}

function makePlane(remainingMs: () => number, names: readonly string[] = []) {
  const catalog = makeCatalog(names);
  const puts = new Set<string>();
  const metrics = clientDouble<DynamoDBClient>({
    PutItemCommand: ({ Item }) => {
      const type = String(Item.metric_type.S);
      if (type.startsWith("view#") && puts.has(type)) return ANNOUNCED;
      puts.add(type);
      return {};
    },
    UpdateItemCommand: () => ({}),
  });
  const control = clientDouble<DynamoDBClient>({ GetItemCommand: () => ({}), UpdateItemCommand: () => ({}) });
  const bus = clientDouble<EventBridgeClient>({ PutEventsCommand: () => ({ FailedEntryCount: 0 }) });
  const plane = {
    catalog: catalog.catalog,
    metrics: { client: metrics.client, name: "metrics" },
    control: { client: control.client, name: "control" },
    bus: { client: bus.client, source: "tributary.test", environment: "test" },
    emf: { namespace: "Tributary", environment: "test" },
    clock: clockDouble(),
    remainingMs,
  } as unknown as ControlPlane;
  const details = () => bus.sent.map(({ input }) => input.Entries[0].Detail as string);
  return { plane, details, ...catalog };
}

describe("more columns than one function has the time for", () => {
  const names = named(1_200);
  const receipt = { id: "1", dataset: "clicks", columns: names } as unknown as Receipt;

  test("are added some at a time, and the next function goes on", async () => {
    let remaining = 1_000;
    const { plane, details, shown } = makePlane(() => remaining);
    await expect(keepCatalogInStep(plane, receipt)).rejects.toThrow(ColumnsLeftError);
    expect(shown("clicks")).toEqual(names.slice(0, 500));
    expect(shown("clicks_latest")).toEqual(names.slice(0, 500));
    remaining = 60_000;
    await keepCatalogInStep(plane, receipt);
    expect(shown("clicks")).toEqual(names);
    expect(shown("clicks_latest")).toEqual(names);
    expect(details().flatMap((detail) => JSON.parse(detail).columns)).toEqual(names);
    for (const detail of details()) expect(Buffer.byteLength(detail)).toBeLessThan(256 * 1_024);
  });
});

describe("a view", () => {
  test.each([
    [6_000, 6_000],
    [7_000, 0],
  ])("of %i columns lists %i of them", async (count, listed) => {
    const { catalog, shown } = makeCatalog(named(count));
    expect(await keepViewInStep(catalog, clockDouble(), "clicks")).toBe(listed > 0);
    expect(shown("clicks_latest")).toHaveLength(listed);
  });

  test("has room for all that the setting allows, with the longest names", async () => {
    const names = named(MAX_UNDECLARED_COLUMNS).map((name) => name.padEnd(255, "x"));
    const { catalog, shown } = makeCatalog(names);
    expect(await keepViewInStep(catalog, clockDouble(), "clicks")).toBe(true);
    expect(shown("clicks_latest")).toHaveLength(MAX_UNDECLARED_COLUMNS);
  });

  test("that stays behind is told once a day", async () => {
    const { plane, details } = makePlane(() => 60_000, named(7_000));
    const receipt = { id: "1", dataset: "clicks", columns: [] } as unknown as Receipt;
    await keepCatalogInStep(plane, receipt);
    await keepCatalogInStep(plane, receipt);
    expect(details().map((detail) => JSON.parse(detail))).toEqual([
      expect.objectContaining({
        severity: "error",
        summary: "the view clicks_latest lacks columns of its table, test",
      }),
    ]);
  });
});

test("an update of a table keeps no old version of it", async () => {
  const { catalog, sent } = makeCatalog(named(3));
  await keepViewInStep(catalog, clockDouble(), "clicks");
  const updates = sent.filter(({ name }) => name === "UpdateTableCommand");
  expect(updates.map(({ input }) => input.SkipArchive)).toEqual([true]);
});
