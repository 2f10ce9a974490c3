import { csvJobName, type Environment, metricNamespace } from "../environments";
import { manifestWidgets } from "./manifest-dashboard";
import { dashboardOf, type Metric, widget } from "./widgets";

export interface DashboardSubjects {
  readonly functionNames: readonly string[];
  readonly failureQueueNames: readonly string[];
}

/** Body of the environment's dashboard: the CSV pipeline, all functions, then the manifest pipeline. */
export function dashboardBody(environment: Environment, subjects: DashboardSubjects): string {
  const own = (name: string): Metric => [metricNamespace(environment), name, "Environment", environment.name];
  const ofFunctions = (name: string): Metric[] =>
    subjects.functionNames.map((each) => ["AWS/Lambda", name, "FunctionName", each]);
  const widgets = [
    widget("Oldest pending upload, seconds", "Maximum", [own("OldestPendingSeconds")]),
    widget("Pending uploads", "Maximum", [own("PendingUploads")]),
    widget("Failed job runs", "Sum", [own("JobFailures")]),
    widget("Job: tasks done", "Sum", [
      [
        "Glue",
        "glue.driver.aggregate.numCompletedTasks",
        "JobName",
        csvJobName(environment),
        "JobRunId",
        "ALL",
        "Type",
        "count",
      ],
    ]),
    widget("Function invocations", "Sum", ofFunctions("Invocations")),
    widget("Function errors and throttles", "Sum", [...ofFunctions("Errors"), ...ofFunctions("Throttles")]),
    widget("Function executions at once", "Maximum", ofFunctions("ConcurrentExecutions")),
    widget("Function duration, milliseconds", "Maximum", ofFunctions("Duration")),
    widget(
      "Events in on-failure queues",
      "Maximum",
      subjects.failureQueueNames.map((name) => [
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        "QueueName",
        name,
      ]),
    ),
  ];
  return dashboardOf([...widgets, ...manifestWidgets(environment)], environment.region);
}
