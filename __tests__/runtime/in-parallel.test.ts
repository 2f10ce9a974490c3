import { describe, expect, test } from "@jest/globals";
import { inParallel, withBackoff } from "../../runtime/in-parallel";
import { awsError, clockDouble } from "../handlers/support/doubles";

describe("inParallel", () => {
  test("does every item once, never more at a time than allowed, and gives the errors", async () => {
    const done: number[] = [];
    let running = 0;
    let most = 0;
    const errors = await inParallel(
      Array.from({ length: 50 }, (_, item) => item),
      8,
      async (item) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        if (item % 10 === 3) throw new Error(`item ${item}`);
        done.push(item);
      },
    );
    expect(most).toBe(8);
    expect(done).toHaveLength(45);
    expect(errors.map(({ message }) => message).sort()).toEqual(
      [13, 23, 3, 33, 43].map((item) => `item ${item}`),
    );
  });
});

describe("withBackoff", () => {
  test.each(["ThrottlingException", "ProvisionedThroughputExceededException", "SlowDown"])(
    "repeats a call after %s, with longer and longer pauses",
    async (name) => {
      const clock = clockDouble();
      let calls = 0;
      const answer = await withBackoff(clock, async () => {
        calls += 1;
        if (calls < 4) throw awsError(name);
        return "done";
      });
      expect([answer, calls, clock.slept.length]).toEqual(["done", 4, 3]);
      clock.slept.forEach((slept, index) => {
        expect(slept).toBeGreaterThanOrEqual(100 * 2 ** index);
        expect(slept).toBeLessThanOrEqual(200 * 2 ** index);
      });
    },
  );

  test.each([
    ["AccessDeniedException", 1],
    ["ThrottlingException", 6],
  ])("gives up on %s after %i calls", async (name, expected) => {
    let calls = 0;
    const call = () => {
      calls += 1;
      return Promise.reject(awsError(name));
    };
    await expect(withBackoff(clockDouble(), call)).rejects.toThrow(name);
    expect(calls).toBe(expected);
  });
});
