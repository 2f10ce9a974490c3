import { BatchStopJobRunCommand, GlueClient } from "@aws-sdk/client-glue";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ACTIVE_STATES } from "../../runtime/glue-states";
import { eventually } from "../support/eventually";
import { type Emulated, JOB, startEmulated } from "./support/emulator";
import { keepLogs } from "./support/logs";

let emulated: Emulated;
let handler: () => Promise<void>;

beforeAll(async () => {
  emulated = await startEmulated(3600, { JOB_NAME: JOB });
  ({ handler } = await import("../../handlers/ledger-starter"));
});

afterAll(() => emulated.stop());

describe("ledger-starter during a backfill of hours", () => {
  keepLogs();

  test("has one run at work in all rounds and at the lister's end, none that waits and none that failed", async () => {
    for (let round = 0; round < 12; round++) await handler();
    await Promise.all([handler(), handler()]);
    const [run, ...others] = await emulated.runs();
    expect(ACTIVE_STATES).toContain(run);
    expect(others).toEqual([]);
  });

  test("starts the next run once that has ended", async () => {
    const glue = new GlueClient();
    const JobRunIds = [await emulated.newestRun()];
    await glue.send(new BatchStopJobRunCommand({ JobName: JOB, JobRunIds }));
    glue.destroy();
    await eventually("its end", async () => (await emulated.runs())[0] === "STOPPED");
    await handler();
    const [run, ...others] = await emulated.runs();
    expect(ACTIVE_STATES).toContain(run);
    expect(others).toEqual(["STOPPED"]);
  });
});
