import { describe, expect, test } from "@jest/globals";
import { emitMetrics } from "../../../runtime/aws/embedded-metrics";
import { keepLogs } from "../../handlers/support/logs";

const DESTINATION = { namespace: "Tributary", environment: "dev" };

describe("emitMetrics", () => {
  const { lines } = keepLogs();

  test("writes one line in the embedded metric format, with one dimension", () => {
    emitMetrics(
      DESTINATION,
      [
        { name: "Rows", value: 12, unit: "Count" },
        { name: "LatencySeconds", value: [1, 2.5], unit: "Seconds" },
      ],
      { dataset: "clicks" },
    );
    expect(lines()).toEqual([
      {
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            {
              Namespace: "Tributary",
              Dimensions: [["Environment"]],
              Metrics: [
                { Name: "Rows", Unit: "Count" },
                { Name: "LatencySeconds", Unit: "Seconds" },
              ],
            },
          ],
        },
        dataset: "clicks",
        Environment: "dev",
        Rows: 12,
        LatencySeconds: [1, 2.5],
      },
    ]);
  });

  test("gives CloudWatch at most 100 values, the smallest and the largest among them", () => {
    const values = Array.from({ length: 1000 }, (_, index) => index);
    emitMetrics(DESTINATION, [{ name: "LatencySeconds", value: values, unit: "Seconds" }]);
    const kept = lines()[0]?.["LatencySeconds"] as number[];
    expect(kept).toHaveLength(100);
    expect([kept[0], kept[99]]).toEqual([0, 999]);
  });

  test("writes nothing of metrics that have no value", () => {
    emitMetrics(DESTINATION, [{ name: "LatencySeconds", value: [], unit: "Seconds" }]);
    expect(lines()).toEqual([]);
  });
});
