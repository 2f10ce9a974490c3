import { describe, expect, test } from "@jest/globals";
import { dieAt, pauseAt } from "../support/faults";
import { keepLogs } from "../support/logs";
import { account, IN_ORDER } from "./accounts";
import { CALLS, makeBatch } from "./batch";

describe("two manifest builders at once", () => {
  keepLogs();

  test.each(["before", "after"] as const)(
    "survives being killed %s each of its calls while a slow twin stands still before each of its own",
    async (when) => {
      for (const number of CALLS) {
        for (const pause of CALLS.filter((call) => (call + number) % 5 === 0)) {
          const { pipeline, batch } = await makeBatch();
          const twin = pauseAt(pause);
          const late = pipeline.build(batch, twin.fault);
          await Promise.race([late, twin.paused]);
          const { fault, died } = dieAt(number, when);
          await Promise.race([pipeline.build(batch, fault), died]);
          pipeline.passVisibility();
          const redelivered = await pipeline.build(batch.toReversed());
          twin.goOn();
          const failed = new Set([...(await late), ...redelivered]);
          pipeline.passVisibility();
          await pipeline.deliver(batch.filter((message) => failed.has(message)));
          expect({ number, pause, ...account(pipeline) }).toEqual({ number, pause, ...IN_ORDER });
        }
      }
    },
    60_000,
  );

  test("survives twins with other batches of the same messages, at every pace", async () => {
    for (const pause of CALLS) {
      const { pipeline, batch } = await makeBatch();
      const twin = pauseAt(pause);
      const late = pipeline.build(batch.slice(0, 7), twin.fault);
      await Promise.race([late, twin.paused]);
      const other = await pipeline.build(batch.slice(3));
      twin.goOn();
      const failed = [...(await late), ...other];
      pipeline.passVisibility();
      await pipeline.deliver(failed);
      expect({ pause, ...account(pipeline) }).toEqual({ pause, ...IN_ORDER });
    }
  });
});
