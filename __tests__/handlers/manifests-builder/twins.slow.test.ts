import { describe, expect, test } from "@jest/globals";
import { dieAt, pauseAt, seeded, shuffled } from "../support/faults";
import { keepLogs } from "../support/logs";
import { account, IN_ORDER } from "./accounts";
import { CALLS, makeBatch } from "./batch";

describe("several manifest builders at once", () => {
  keepLogs();

  test.each(["before", "after"] as const)(
    "survive one being killed %s each of its calls while a slow twin stands still before each of its own",
    async (when) => {
      for (const number of CALLS) {
        for (const pause of CALLS.filter((call) => (call + number) % 9 === 0)) {
          const { pipeline, batch } = await makeBatch();
          const twin = pauseAt(pause);
          const late = pipeline.build(batch, twin.fault);
          await Promise.race([late, twin.paused]);
          const { fault, died } = dieAt(number, when);
          await Promise.race([pipeline.build(batch, fault), died]);
          pipeline.passVisibility();
          // SQS puts the messages into other batches, so their manifests have other names
          const redelivered = await pipeline.build(batch.filter((_, index) => index % 2 === 0));
          twin.goOn();
          const failed = [...redelivered, ...(await late)];
          const others = batch.filter((_, index) => index % 2 === 1);
          pipeline.passVisibility();
          await pipeline.deliver([...new Set([...failed, ...others])]);
          expect({ number, pause, ...account(pipeline) }).toEqual({ number, pause, ...IN_ORDER });
        }
      }
    },
  );

  test("survive any mix of batches, pauses, deaths and delays", async () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = seeded(seed);
      const { pipeline, batch } = await makeBatch();
      const running: (() => Promise<unknown>)[] = [];
      for (let builders = 2 + Math.floor(random() * 5); builders > 0; builders--) {
        const part = shuffled(batch, random).slice(0, 1 + Math.floor(random() * batch.length));
        const call = Math.floor(random() * 3 * part.length);
        if (random() < 0.3) {
          const { fault, died } = dieAt(call, random() < 0.5 ? "before" : "after");
          await Promise.race([pipeline.build(part, fault), died]);
        } else {
          const { fault, paused, goOn } = pauseAt(call);
          const building = pipeline.build(part, fault);
          running.push(() => {
            goOn();
            return building;
          });
          await Promise.race([building, paused]);
        }
        if (random() < 0.5) pipeline.passVisibility();
      }
      for (const finish of shuffled(running, random)) await finish();
      pipeline.passVisibility();
      await pipeline.deliver(shuffled(batch, random));
      expect({ seed, ...account(pipeline) }).toEqual({ seed, ...IN_ORDER });
    }
  });
});
