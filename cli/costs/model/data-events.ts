import type { Environment, Pipeline } from "../../../environments/schema";
import { PRICES } from "../../../runtime/prices/table";
import { type Amount, priced, sum } from "./amount";
import { type Cost, costs, workOf } from "./cost";

/**
 * Reads and writes of a file and of what is made of it alone: a manifest's Parquet is of hundreds. An upload has Parquet
 * and stats, a file of the ledger is copied and deleted.
 */
const EVENTS: Readonly<Record<Pipeline, number>> = { uploads: 4, manifests: 2, ledger: 5 };

/** What CloudTrail takes for recording every read and write of a month, where it does. */
export function dataEventCosts(environment: Environment): Cost[] {
  if (!environment.storage.cloudtrailDataEvents) return [];
  return environment.pipelines.flatMap((pipeline) =>
    costs(
      { layer: "storage", pipeline, by: "files" },
      { "CloudTrail: data events": eventsOf(environment, pipeline) },
    ),
  );
}

/** Cost of a trail that records them, whatever the settings say. */
export function trail(environment: Environment): Amount {
  return sum(...environment.pipelines.map((pipeline) => eventsOf(environment, pipeline)));
}

function eventsOf(environment: Environment, pipeline: Pipeline): Amount {
  return priced(PRICES.dataEvent, workOf(environment, pipeline).files, [EVENTS[pipeline], "events"]);
}
