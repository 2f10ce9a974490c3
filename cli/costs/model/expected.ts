import type { Environment } from "../../../environments/schema";
import type { Cost } from "./cost";
import { dataEventCosts } from "./data-events";
import { functionCosts } from "./functions";
import { ledgerCosts, ledgerRounds } from "./ledger";
import { manifestsCosts, manifestsPolls } from "./manifests";
import { standingResources, standingUse } from "./standing";
import { storageCosts } from "./storage";
import { uploadsCosts } from "./uploads";

/** Computes what an environment is expected to cost a month, by its settings alone. */
export function expectedCosts(environment: Environment): Cost[] {
  const ofPipelines = {
    uploads: [uploadsCosts],
    manifests: [manifestsPolls, manifestsCosts],
    ledger: [ledgerRounds, ledgerCosts],
  };
  return [
    ...standingResources(environment),
    ...standingUse(environment),
    ...functionCosts(environment),
    ...environment.pipelines.flatMap((pipeline) =>
      ofPipelines[pipeline].flatMap((costsOf) => costsOf(environment)),
    ),
    ...dataEventCosts(environment),
    ...storageCosts(environment),
  ];
}
