import { describe, expect, test } from "@jest/globals";
import { anomaliesOf } from "../../../handlers/control-plane/counts/anomalies";
import { type Hour, lastSixtyMinutes } from "../../../handlers/control-plane/counts/hours";
import { observe, type Sample } from "../../../handlers/control-plane/counts/observations";
import { readProcessed } from "../../../handlers/control-plane/events/processed-event";
import { rates, waiting } from "../../../handlers/control-plane/measure";
import { UnexpectedEventError } from "../../../runtime/errors";

const at = (time: string) => new Date(`2026-01-31T${time}Z`);

/** A sample of so many values, alternately mean ± deviation. */
const sample = (count: number, mean: number, deviation: number): Sample => ({
  count,
  sum: count * mean,
  squares: count * (mean * mean + deviation * deviation),
});

const hour = (start: string, more: Partial<Hour> = {}): Hour => ({
  dataset: "clicks",
  startedAt: at(start),
  manifests: 1,
  files: 0,
  inputBytes: 0,
  newestAt: at(start),
  samples: { rejects: sample(0, 0, 0), size: sample(0, 0, 0), latency: sample(0, 0, 0) },
  ...more,
});

describe("anomalies", () => {
  test.each([
    ["a few more rejects than ever", { rejects: 0.02 }, 0.001, 0, 100, ["rejects"]],
    ["rejects within one hundredth of the lines", { rejects: 0.0109 }, 0.001, 0, 100, []],
    ["rejects within four deviations", { rejects: 0.139 }, 0.06, 0.02, 100, []],
    ["rejects beyond four deviations", { rejects: 0.141 }, 0.06, 0.02, 100, ["rejects"]],
    ["fewer rejects", { rejects: 0 }, 0.5, 0.01, 100, []],
    ["a sample of 29", { rejects: 1 }, 0, 0, 29, []],
    ["a sample of 30", { rejects: 1 }, 0, 0, 30, ["rejects"]],
    ["files half as large", { size: 1.7 }, 3.5, 0.1, 100, ["size"]],
    ["files half as large again", { size: 5.3 }, 3.5, 0.1, 100, ["size"]],
    ["files a third smaller", { size: 2.4 }, 3.5, 0.1, 100, []],
    ["files whose sizes vary anyway", { size: 0.2 }, 3.5, 1, 100, []],
    ["a latency a minute longer", { latency: 99 }, 40, 5, 100, []],
    ["a latency more than a minute longer", { latency: 101 }, 40, 5, 100, ["latency"]],
    ["a latency of an even stream within its half", { latency: 590 }, 400, 1, 100, []],
    ["a shorter latency", { latency: 1 }, 400, 1, 100, []],
    ["nothing to measure", {}, 1, 1, 100, []],
  ])("of %s", (_, observations, mean, deviation, count, expected) => {
    const one = sample(count / 2, mean, deviation);
    const samples = { rejects: one, size: one, latency: one };
    const hours = [hour("10:00:00", { samples }), hour("11:00:00", { samples })];
    expect(anomaliesOf(observations, hours).map(({ what }) => what)).toEqual(expected);
  });

  test.each([
    [
      "lines and files",
      { rows: 90, dead_letters: 10, input_bytes: 7e6, files: 2 },
      { rejects: 0.1, size: 3.5 },
    ],
    ["no line", { rows: 0, dead_letters: 0, input_bytes: 0, files: 1 }, { size: 0 }],
    ["no file", { rows: 0, dead_letters: 0, input_bytes: 0, files: 0 }, {}],
  ])("are judged by what a receipt measures of %s", (_, receipt, expected) => {
    expect(observe({ ...receipt, latency_seconds: [] } as never)).toEqual(expected);
    const late = { ...receipt, generation: 0, latency_seconds: [10, 20] };
    expect(observe(late as never)).toEqual({ ...expected, latency: 15 });
    expect(observe({ ...late, generation: 1 } as never)).toEqual(expected);
  });
});

describe("the minute's measures", () => {
  const now = at("12:15:00");
  const value = (name: string, metrics: ReturnType<typeof waiting>) =>
    metrics.find((metric) => metric.name === name)?.value;

  test.each([
    ["no file waits", undefined, "10:00:00", 0],
    ["files wait and Parquet came since", at("11:00:00"), "12:14:30", 30],
    ["files wait and no Parquet came since", at("12:05:00"), "09:00:00", 600],
    ["files wait and none ever came", at("12:05:00"), undefined, 600],
    ["clocks differ", at("12:15:10"), "12:15:20", 0],
  ])("say how long no Parquet came when %s", (_, oldest, newest, seconds) => {
    const hours = newest === undefined ? [] : [hour("08:00:00"), hour("09:00:00", { newestAt: at(newest) })];
    expect(value("SecondsWithoutParquet", waiting(oldest, hours, now))).toBe(seconds);
  });

  test("take of the hour before the part that is not yet sixty minutes old", () => {
    const hours = [
      hour("10:00:00", { files: 1_000, inputBytes: 1e12 }),
      hour("11:00:00", { files: 400, inputBytes: 4e9 }),
      hour("12:00:00", { files: 50, inputBytes: 1e9 }),
    ];
    expect(lastSixtyMinutes(hours, now)).toEqual({ files: 350, inputBytes: 4e9 });
    const run = {
      id: "jr",
      jobName: "j",
      state: "RUNNING",
      startedAt: at("12:00:00"),
      seconds: 900,
      dpus: 10,
    };
    expect(value("FilesPerHour", rates(hours, run, now))).toBe(350);
    expect(value("CostPerGigabyte", rates(hours, run, now))).toEqual([1.1]);
    expect(value("CostPerGigabyte", rates([], run, now))).toEqual([]);
    expect(value("CostPerGigabyte", rates(hours, undefined, now))).toEqual([]);
  });
});

describe("a ManifestProcessed event", () => {
  const id = "0".repeat(32);
  const manifest = `manifests/clicks/2026-01-31/${id}.json`;

  test("names manifests and generations", () => {
    const event = { detail: { manifests: [{ manifest, generation: 2, rows: 1 }] } };
    expect(readProcessed(event)).toEqual([
      {
        id,
        dataset: "clicks",
        date: "2026-01-31",
        generation: 2,
        manifest,
        receipt: `receipts/clicks/2026-01-31/${id}.json`,
      },
    ]);
  });

  test.each([
    [undefined],
    [{ detail: {} }],
    [{ detail: { manifests: [] } }],
    [{ detail: { manifests: [null] } }],
    [{ detail: { manifests: [{ manifest: "manifests/../x.json", generation: 0 }] } }],
    [{ detail: { manifests: [{ manifest, generation: "0" }] } }],
    [{ detail: { manifests: [{ manifest, generation: 0 }, { manifest: "other" }] } }],
  ])("is refused as %j", (event) => {
    expect(() => readProcessed(event)).toThrow(UnexpectedEventError);
  });
});
