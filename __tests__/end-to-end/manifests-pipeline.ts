import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { bucketName, functionName } from "../../environments/schema";
import { type Accounts, accountFor } from "../../local/outcome/accounts";
import { clientsOf } from "../../local/platform/clients";
import type { Clicks } from "../support/clicks";
import { eventually } from "../support/eventually";
import {
  environment,
  holdWork,
  killJob,
  type TestPlatform,
  withoutNotification,
} from "../support/local-platform";
import { StreamingJob } from "../support/streaming-job";

const SCRIPT = "manifests_stream";

/** What is broken on purpose in a deployed pipeline; afterwards every line is counted. */
export function breakManifestsPipeline(platformOf: () => TestPlatform, clicksOf: () => Clicks): void {
  describe("the manifests pipeline", () => {
    let platform: TestPlatform;
    let clicks: Clicks;
    let before: number;
    let job: StreamingJob;

    beforeAll(() => {
      platform = platformOf();
      job = new StreamingJob(platform);
      clicks = clicksOf();
      before = clicks.uploads.length;
    });

    afterAll(() => job.order("running"));

    test("turns NDJSON into Parquet and keeps its books where roles are enforced", async () => {
      await clicks.send(2);
      await invoke("control-plane", { kind: "tick" });
      await allSettled();
    });

    test("lets the manifest reconciler do all that it does where roles are enforced", () =>
      invoke("manifests-reconciler"));

    test("goes on where a job was killed in the midst of its work", async () => {
      const killed = await job.replaceRun();
      await clicks.send(4);
      await holdWork(killed, SCRIPT, async () => {
        await eventually("a manifest in work", async () => (await job.inWork()) > 0);
        killJob(killed, SCRIPT);
      });
      const failed = await eventually("the end of the run", async () =>
        (await job.runs()).find(({ Id, CompletedOn }) => Id === killed && CompletedOn !== undefined),
      );
      expect(failed.JobRunState).toBe("FAILED");
      await job.start();
      await allSettled();
    });

    test("takes into the books what no ManifestProcessed event told of", async () => {
      const events = new EventBridgeClient(clientsOf(platform.aws).settings);
      const Name = `${functionName(environment, "control-plane")}-manifests-processed`;
      const before = await tables();
      await events.send(new DisableRuleCommand({ Name }));
      try {
        await clicks.send(2);
        await eventually("Parquet", async () => (await tables()) > before);
        await reconciled();
      } finally {
        await events.send(new EnableRuleCommand({ Name }));
        events.destroy();
      }
    });

    test("finds a file that no event announced", async () => {
      await withoutNotification(platform, () => clicks.send(2));
      await reconciled();
    });

    test("has lost no line and none twice in all of this", async () => {
      const { python, variables, output } = platform;
      const { signal } = new AbortController();
      const common = { environment, output, signal, python, variables };
      const { clicks: accounts } = await accountFor("manifests", { ...common, uploads: clicks.uploads });
      const expected: Partial<Accounts> = { files: before + 10, lost: 0, duplicated: 0, problems: [] };
      expect(accounts).toMatchObject(expected);
      expect(accounts?.rowsIn).toBe(Number(accounts?.rowsOut) + Number(accounts?.deadLetters));
      expect(accounts?.deadLetters).toBeGreaterThan(0);
    });

    function allSettled(): Promise<unknown> {
      return eventually("an outcome of each file", () => clicks.areSettled());
    }

    /** Has the reconciler look, as its schedule does each minute, until each file has its outcome. */
    async function reconciled(): Promise<void> {
      await eventually("an outcome of each file", async () => {
        await invoke("manifests-reconciler");
        return clicks.areSettled();
      });
    }

    async function invoke(
      name: "control-plane" | "manifests-reconciler",
      event: unknown = {},
    ): Promise<void> {
      const FunctionName = functionName(environment, name);
      const Payload = Buffer.from(JSON.stringify(event));
      const answer = await platform.lambda.send(new InvokeCommand({ FunctionName, Payload }));
      expect(answer.FunctionError && Buffer.from(answer.Payload ?? []).toString()).toBeUndefined();
    }

    async function tables(): Promise<number> {
      const { KeyCount = 0 } = await platform.s3.send(
        new ListObjectsV2Command({ Bucket: bucketName(environment, "curated"), Prefix: "tables/clicks/" }),
      );
      return KeyCount;
    }
  });
}
