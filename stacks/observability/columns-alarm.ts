import type { Construct } from "constructs";
import { Alarm } from "../../constructs/alarm";
import { resourceName } from "../../environments/schema";
import { FIVE_MINUTES, onOwnMetric, type Watched } from "./alarm-settings";

/** Adds an alarm on rows whose keys found no column. */
export function columnsAlarm(scope: Construct, watched: Watched): void {
  new Alarm(scope, "other-rows", {
    ...onOwnMetric(watched),
    alarmName: resourceName(watched.environment, "other-rows"),
    description:
      "rows have keys in _other: a table has all the undeclared columns that it may, or a file brought more than its share; see tributary columns",
    metricName: "OtherRows",
    statistic: "Sum",
    periodSeconds: FIVE_MINUTES,
  });
}
