import {
  type Environment,
  failureQueueName,
  functionName,
  functionsOf,
  hasPipeline,
  SYNCHRONOUS_FUNCTIONS,
} from "../../environments/schema";
import { ledgerWidgets } from "./ledger/dashboard";
import { manifestsWidgets } from "./manifests/dashboard";
import { queueWidgets } from "./queue-widgets";
import { uploadsWidgets } from "./uploads/dashboard";
import { dashboardOf, type Metric, widget } from "./widgets";

/** Body of the environment's dashboard: the uploads pipeline, all functions and queues, then the two other pipelines. */
export function dashboardBody(environment: Environment): string {
  const functions = functionsOf(environment);
  const ofFunctions = (name: string): Metric[] =>
    functions.map((each) => ["AWS/Lambda", name, "FunctionName", functionName(environment, each)]);
  const functionWidgets = [
    widget("Function invocations", "Sum", ofFunctions("Invocations")),
    widget("Function errors and throttles", "Sum", [...ofFunctions("Errors"), ...ofFunctions("Throttles")]),
    widget("Function executions at once", "Maximum", ofFunctions("ConcurrentExecutions")),
    widget("Function duration, milliseconds", "Maximum", ofFunctions("Duration")),
    widget(
      "Events in on-failure queues",
      "Maximum",
      functions
        .filter((name) => !SYNCHRONOUS_FUNCTIONS.includes(name))
        .map((name) => [
          "AWS/SQS",
          "ApproximateNumberOfMessagesVisible",
          "QueueName",
          failureQueueName(environment, name),
        ]),
    ),
  ];
  return dashboardOf(
    [
      ...(hasPipeline(environment, "uploads") ? uploadsWidgets(environment) : []),
      ...functionWidgets,
      ...queueWidgets(environment),
      ...(hasPipeline(environment, "manifests") ? manifestsWidgets(environment) : []),
      ...(hasPipeline(environment, "ledger") ? ledgerWidgets(environment) : []),
    ],
    environment.region,
  );
}
