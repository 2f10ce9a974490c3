import { type Environment, metricNamespace, uploadsJobName } from "../../../environments/schema";
import { type Metric, type Widget, widget } from "../widgets";

/** Widgets of the uploads pipeline. */
export function uploadsWidgets(environment: Environment): Widget[] {
  const own = (name: string): Metric => [metricNamespace(environment), name, "Environment", environment.name];
  return [
    widget("Oldest pending upload, seconds", "Maximum", [own("OldestPendingSeconds")]),
    widget("Pending uploads", "Maximum", [own("PendingUploads")]),
    widget("Failed job runs", "Sum", [own("JobFailures")]),
    widget("Uploads: dead letters and quarantined files", "Sum", [
      own("UploadsDeadLetters"),
      own("UploadsQuarantinedFiles"),
    ]),
    widget("Job: tasks done", "Sum", [
      [
        "Glue",
        "glue.driver.aggregate.numCompletedTasks",
        "JobName",
        uploadsJobName(environment),
        "JobRunId",
        "ALL",
        "Type",
        "count",
      ],
    ]),
  ];
}
