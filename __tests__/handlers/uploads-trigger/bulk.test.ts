import { ConditionalCheckFailedException, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { GlueClient } from "@aws-sdk/client-glue";
import { describe, expect, test } from "@jest/globals";
import { answerJobEnd } from "../../../handlers/uploads-job-ended/answer-job-end";
import { registerUploads } from "../../../handlers/uploads-trigger/register-uploads";
import { awsError, clientDouble, clockDouble } from "../support/doubles";
import { jobStateChange, s3Event } from "../support/events";
import { keepLogs } from "../support/logs";

const EVENTS = 10_000;
/** Concurrent invocations, and the time that passes between two lots of them: five minutes in all. */
const AT_ONCE = 50;
const LOT_MS = 1_500;

type Item = Record<string, { S: string }>;

interface Command {
  constructor: { name: string };
  input: { Key: Item; Item: Item; ExpressionAttributeValues: Item };
}

/** The uploads table, with the conditions that registration and the request for a run put on it. */
function tableDouble() {
  const items = new Map<string, Item>();
  const keyOf = (key: Item) => `${key["object"]?.S} ${key["version"]?.S}`;
  const failed = () => new ConditionalCheckFailedException({ message: "condition", $metadata: {} });
  const answers: Readonly<Record<string, (input: Command["input"]) => object>> = {
    GetItemCommand: ({ Key }) => ({ Item: items.get(keyOf(Key)) }),
    PutItemCommand: ({ Item: item }) => {
      if (items.has(keyOf(item))) throw failed();
      items.set(keyOf(item), item);
      return {};
    },
    UpdateItemCommand: ({ Key, ExpressionAttributeValues: { ":now": now, ":until": until } }) => {
      if ((items.get(keyOf(Key))?.["held_until"]?.S ?? "") > (now?.S ?? "")) throw failed();
      items.set(keyOf(Key), { ...Key, ...(until ? { held_until: until } : {}) });
      return {};
    },
    DeleteItemCommand: ({ Key }) => ({ deleted: items.delete(keyOf(Key)) }),
    QueryCommand: () => ({ Items: [] }),
  };
  const send = async (command: Command) => answers[command.constructor.name]?.(command.input);
  const pending = () => [...items.values()].filter((item) => item["pending_shard"] !== undefined).length;
  return { client: { send } as unknown as DynamoDBClient, pending };
}

function platform(answer: (call: number) => unknown) {
  const table = tableDouble();
  const glue = clientDouble<GlueClient>({ StartJobRunCommand: (_, call) => answer(call) });
  const clock = clockDouble();
  const uploads = { client: table.client, name: "uploads" };
  const job = { client: glue.client, name: "uploads-job" };
  return { uploads, job, clock, starts: glue.sent, pending: table.pending };
}

const upload = (index: number) => s3Event({ key: `input/customers/${index}.csv` });

describe("a bulk of ten thousand events", () => {
  keepLogs();

  test.each<[string, (call: number) => unknown]>([
    ["throttles every start", () => awsError("ThrottlingException", "Rate exceeded")],
    [
      "takes the second start and then has a run",
      (call) =>
        [awsError("ThrottlingException"), { JobRunId: "jr_1" }][call] ??
        awsError("ConcurrentRunsExceededException"),
    ],
    ["is at the account's limit", () => awsError("ResourceNumberLimitExceededException")],
  ])("gives no failure, all uploads pending and a start a minute where Glue %s", async (_, answer) => {
    const { starts, pending, ...trigger } = platform(answer);
    for (let first = 0; first < EVENTS; first += AT_ONCE) {
      const lot = Array.from({ length: AT_ONCE }, (_, index) =>
        registerUploads(trigger, upload(first + index)),
      );
      await Promise.all(lot);
      await trigger.clock.sleep(LOT_MS);
    }
    expect(pending()).toBe(EVENTS);
    expect(starts).toHaveLength(5);
  });

  test("asks anew as soon as a run has ended, within the minute", async () => {
    const { starts, pending: _, ...trigger } = platform((call) => ({ JobRunId: `jr_${call}` }));
    await registerUploads(trigger, upload(0));
    await registerUploads(trigger, upload(1));
    expect(starts).toHaveLength(1);
    const silent = clientDouble<never>({});
    const outwards = {
      bus: { client: silent.client, source: "tributary.dev", environment: "dev" },
      metrics: { client: silent.client, namespace: "Tributary", environment: "dev" },
    };
    await answerJobEnd({ ...trigger, ...outwards }, jobStateChange("SUCCEEDED"));
    await registerUploads(trigger, upload(2));
    expect(starts).toHaveLength(2);
  });
});
