import { describe, expect, test } from "@jest/globals";
import { adviceOn, type JobUse, slotMebibytes } from "../../../../cli/operator/jobs/advice";
import { WORKER_PROFILES } from "../../../../environments/schema/workers";

const { small, medium, streaming, flexible } = WORKER_PROFILES;
const fixed = (number: number) => ({ ...small, number, maximum: number });

/** Ten workers G.1X for an hour: 10 DPU hours, 4.40 USD; nine of them with four slots each for 3,600 s. */
const HOUR: JobUse = {
  command: "glueetl",
  size: fixed(10),
  workers: 10,
  dpuSeconds: 36_000,
  slotSeconds: 9 * 4 * 3600,
  busySeconds: 0.8 * 9 * 4 * 3600,
  killed: 0,
  peakMebibytes: 1000,
};
const busy = (share: number) => ({ busySeconds: share * HOUR.slotSeconds });

describe("advice on a job", () => {
  test("is none at the target, and none for little more", () => {
    expect(adviceOn(HOUR)).toEqual([]);
    expect(adviceOn({ ...HOUR, ...busy(0.9) })).toEqual([]);
  });

  test("takes fewer workers where slots are idle", () => {
    // nine executors at 20 % are 2.25 at 80 %: three and a driver are 4 of 10 workers, 1.76 of 4.40 USD
    const [advice, ...others] = adviceOn({ ...HOUR, ...busy(0.2) });
    expect(others).toEqual([]);
    expect(advice).toMatchObject({ finding: "too many workers", size: { number: 4, maximum: 4 } });
    expect(advice?.savedDollars).toBeCloseTo(2.64, 10);
  });

  test("takes the two that Glue gives at least where nothing is done", () => {
    expect(adviceOn({ ...HOUR, busySeconds: 0 })[0]?.size.number).toBe(2);
    expect(adviceOn({ ...HOUR, size: fixed(2), workers: 2, busySeconds: 0 })).toEqual([]);
  });

  test("takes more workers where slots are always busy, and counts that the run ends sooner", () => {
    // nine executors at 100 % are 11.25 at 80 %: twelve and a driver, in 9/12 of the time: 13 × 0.75 h × 0.44 = 4.29
    const [advice] = adviceOn({ ...HOUR, ...busy(1) });
    expect(advice).toMatchObject({ finding: "too few workers", size: { number: 13, maximum: 13 } });
    expect(advice?.savedDollars).toBeCloseTo(4.4 - 4.29, 10);
  });

  test("counts the whole time of a stream, which never ends sooner", () => {
    // one executor at 100 % is 1.25 at 80 %: three workers for an hour are 1.32 instead of 0.88 USD
    const stream = { command: "gluestreaming", size: streaming, workers: 2, dpuSeconds: 7200 } as const;
    const [advice, ...others] = adviceOn({ ...HOUR, ...stream, ...busy(1), pauseSeconds: 1e6 });
    expect(others).toEqual([]);
    expect(advice).toMatchObject({ finding: "too few workers", size: { number: 3, maximum: 3 } });
    expect(advice?.savedDollars).toBeCloseTo(-0.44, 10);
  });

  test("changes the number at the start or the maximum of a job that Glue scales", () => {
    const scaled = { ...HOUR, size: medium };
    expect(adviceOn({ ...scaled, workers: 5, ...busy(0.2) })[0]).toMatchObject({
      finding: "too many workers",
      // four executors at 20 % are one at 80 %
      size: { number: 2, maximum: 10 },
    });
    expect(adviceOn({ ...scaled, workers: 10, ...busy(1) })[0]).toMatchObject({
      finding: "too few workers",
      size: { number: 5, maximum: 13 },
    });
    expect(adviceOn({ ...scaled, workers: 7, ...busy(1) })).toEqual([]);
  });

  test.each([
    ["whose tasks took more than 80 % of a slot's memory", { peakMebibytes: 3277 }],
    ["whose tasks killed their workers", { killed: 1 }],
  ])("takes the memory-intensive size for a job %s", (_, use) => {
    // 36 slots at 80 %, 28.8 busy, are 36 slots at the target: of 8 a worker G.4X 4.5, so 5 and a driver, of 4 DPU:
    // 24 instead of 10 DPU, 10.56 instead of 4.40 USD
    const [advice, ...others] = adviceOn({ ...HOUR, ...use, pauseSeconds: 1e6 });
    expect(others).toEqual([]);
    expect(advice).toMatchObject({
      finding: "memory pressure",
      size: { type: "G.4X", coresOfTask: 2, number: 6, maximum: 6 },
    });
    expect(advice?.savedDollars).toBeCloseTo(-6.16, 10);
    expect(adviceOn({ ...HOUR, ...use, size: advice?.size ?? small, peakMebibytes: 7000 })).toEqual([]);
  });

  test("knows the memory of a slot", () => {
    expect(slotMebibytes(small)).toBe(4096);
    expect(slotMebibytes(WORKER_PROFILES["memory-intensive"])).toBe(8192);
  });

  test("takes spare capacity where each run may wait twenty minutes before the next", () => {
    // 10 DPU hours of 0.29 instead of 0.44 USD
    const [advice] = adviceOn({ ...HOUR, pauseSeconds: 1200 });
    expect(advice).toMatchObject({ finding: "FLEX would do", size: { executionClass: "FLEX", number: 10 } });
    expect(advice?.savedDollars).toBeCloseTo(1.5, 10);
    expect(adviceOn({ ...HOUR, pauseSeconds: 1199 })).toEqual([]);
    expect(adviceOn({ ...HOUR, pauseSeconds: 1e6, size: flexible })).toEqual([]);
    expect(adviceOn({ ...HOUR, pauseSeconds: 1e6, size: { ...fixed(10), type: "G.4X" } })).toEqual([]);
  });
});
