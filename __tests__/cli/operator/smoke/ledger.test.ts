import type { GlueClient } from "@aws-sdk/client-glue";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import { describe, expect, test } from "@jest/globals";
import type { Operator } from "../../../../cli/operator/command/operator";
import { Terminal } from "../../../../cli/operator/command/terminal";
import { LedgerTest } from "../../../../cli/operator/smoke/ledger";
import { fileOf } from "../../../../cli/operator/smoke/sent";
import { loadEnvironment } from "../../../../environments/schema";
import { awsError, clientDouble } from "../../../handlers/support/doubles";

const SENT = fileOf("ledger", "smoke-a", "2026-01-31");

/** A test whose file waits in the ledger, where Glue answers so to each start. */
function waiting(...starts: (() => unknown)[]) {
  const file = { version: "", key: SENT.key, status: "pending", batch: null, error: null };
  const answer = { answer: { files: [file], unknown: [] } };
  const lambda = clientDouble<LambdaClient>({
    InvokeCommand: () => ({ Payload: Buffer.from(JSON.stringify(answer)) }),
  });
  const glue = clientDouble<GlueClient>({
    GetJobRunsCommand: () => ({ JobRuns: [] }),
    StartJobRunCommand: () => starts.shift()?.(),
  });
  const operator = {
    environment: loadEnvironment("local"),
    aws: { glue: glue.client, lambda: lambda.client },
    terminal: new Terminal(true),
    signal: new AbortController().signal,
    now: new Date(),
  } as unknown as Operator;
  return { test: new LedgerTest(operator, SENT), sent: glue.sent };
}

describe("the test of the ledger pipeline", () => {
  test.each([
    "ThrottlingException",
    "ResourceNumberLimitExceededException",
    "ConcurrentRunsExceededException",
  ])("asks again for a run that Glue refuses by %s", async (refusal) => {
    const ledger = waiting(
      () => awsError(refusal),
      () => ({ JobRunId: "jr_1" }),
    );
    for (const _ of [1, 2, 3]) {
      expect(await ledger.test.look()).toMatchObject({
        ended: false,
        state: expect.stringMatching(/^pending/),
      });
    }
    const starts = ledger.sent.filter(({ name }) => name === "StartJobRunCommand");
    // the third look waits for the run that the second has started
    expect(starts).toHaveLength(2);
  });

  test("fails for any other refusal", async () => {
    const ledger = waiting(() => awsError("EntityNotFoundException"));
    await expect(ledger.test.look()).rejects.toMatchObject({ name: "EntityNotFoundException" });
  });
});
