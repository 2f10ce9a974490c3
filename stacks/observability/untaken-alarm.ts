import type { Construct } from "constructs";
import { Alarm } from "../../constructs/alarm";
import { resourceName } from "../../environments/schema";
import { onOwnMetric, type Watched } from "./alarm-settings";

/** Alarm of objects of the raw bucket that no dataset takes. It lasts until they are taken or gone. */
export function untakenAlarm(scope: Construct, watched: Watched): void {
  const { environment } = watched;
  new Alarm(scope, "untaken-objects", {
    ...onOwnMetric(watched),
    alarmName: resourceName(environment, "untaken-objects"),
    description:
      "objects of the raw bucket lie below no dataset's prefix, and nothing happens to them; see which (tributary logs untaken-objects)",
    metricName: "UntakenObjects",
    statistic: "Maximum",
    periodSeconds: environment.storage.raw.untakenMinutes * 60,
    // a round that falls into the next period says nothing about the objects
    missingData: "ignore",
  });
}
