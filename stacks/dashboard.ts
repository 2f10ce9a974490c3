import { csvJobName, type Environment, metricNamespace } from "../environments";

export interface DashboardSubjects {
  readonly functionNames: readonly string[];
  readonly failureQueueNames: readonly string[];
}

type Metric = readonly (string | Readonly<Record<string, string>>)[];

const HALF = 12;
const HEIGHT = 6;

/** Body of the environment's dashboard: waiting work first, then runs, functions and failures. */
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
  return JSON.stringify({ widgets: widgets.map((each, index) => place(each, index, environment.region)) });
}

function widget(title: string, stat: string, metrics: readonly Metric[]) {
  return { title, stat, metrics };
}

function place(content: ReturnType<typeof widget>, index: number, region: string) {
  return {
    type: "metric",
    x: (index % 2) * HALF,
    y: Math.floor(index / 2) * HEIGHT,
    width: HALF,
    height: HEIGHT,
    properties: { ...content, region, view: "timeSeries", period: 300 },
  };
}
