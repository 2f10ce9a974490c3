import { App } from "cdktf";
import { declaredDatasets } from "./datasets/schema/datasets";
import { checkLeftOut } from "./datasets/schema/left-out";
import { loadEnvironments } from "./environments/schema";
import { Platform } from "./stacks/platform";

/** Set by the command line to synthesize one environment only; all of them otherwise. */
const chosen = process.env["TRIBUTARY_ENVIRONMENT"];

// cdktf takes a stack trace for every token and reads none: mapping them to sources would take a quarter of the time
process.setSourceMapsEnabled(false);
try {
  const app = new App();
  const environments = loadEnvironments(chosen ? [chosen] : undefined);
  checkLeftOut(environments, declaredDatasets());
  for (const environment of environments) new Platform(app, environment);
  app.synth();
} finally {
  process.setSourceMapsEnabled(true);
}
