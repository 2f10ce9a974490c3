import { App } from "cdktf";
import { declaredDatasets } from "./datasets/schema/datasets";
import { checkLeftOut } from "./datasets/schema/left-out";
import { loadEnvironments } from "./environments/schema";
import { Platform } from "./stacks/platform";

/** Set by the command line to synthesize one environment only; all of them otherwise. */
const chosen = process.env["TRIBUTARY_ENVIRONMENT"];

// cdktf takes a stack trace for every token and reads none, which would take a fifth of the time; errors have theirs
const { captureStackTrace } = Error;
Error.captureStackTrace = () => undefined;
try {
  const app = new App({ skipValidation: true });
  const environments = loadEnvironments(chosen ? [chosen] : undefined);
  checkLeftOut(environments, declaredDatasets());
  for (const environment of environments) new Platform(app, environment);
  app.synth();
} finally {
  Error.captureStackTrace = captureStackTrace;
}
