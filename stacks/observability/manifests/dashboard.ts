import { type Environment, manifestsJobName, metricNamespace } from "../../../environments/schema";
import { type Metric, type Widget, widget } from "../widgets";

/** Widgets of the manifests pipeline: its job, its output and its cost. */
export function manifestsWidgets(environment: Environment): Widget[] {
  return [...jobWidgets(environment), ...ownWidgets(environment)];
}

function jobWidgets(environment: Environment): Widget[] {
  const ofJob = (name: string, type: "count" | "gauge"): Metric => [
    "Glue",
    name,
    "JobName",
    manifestsJobName(environment),
    "JobRunId",
    "ALL",
    "Type",
    type,
  ];
  const own = ownMetric(environment);
  return [
    widget("Streaming job: runs ended and failed", "Sum", [own("JobRuns"), own("StreamingJobFailures")]),
    widget("Streaming job: execution time, milliseconds", "Sum", [
      ofJob("glue.driver.aggregate.elapsedTime", "count"),
    ]),
    widget("Streaming job: DPU seconds of ended runs", "Sum", [own("DpuSeconds")]),
    widget("Streaming job: executors", "Maximum", [
      ofJob("glue.driver.ExecutorAllocationManager.executors.numberAllExecutors", "gauge"),
    ]),
  ];
}

function ownWidgets(environment: Environment): Widget[] {
  const own = ownMetric(environment);
  return [
    widget("Manifests: cost per gigabyte, USD", "Average", [own("CostPerGigabyte")]),
    widget("Manifests: files an hour", "Maximum", [own("FilesPerHour")]),
    widget("Manifests: mean batch, megabytes", "Average", [own("MeanBatchMegabytes")]),
    widget("Manifests: upload to Parquet, seconds", "Average", [
      [...own("LatencySeconds"), { stat: "p50" }],
      [...own("LatencySeconds"), { stat: "p99" }],
    ]),
    widget("Manifests: rows", "Sum", [own("Rows")]),
    widget("Manifests: dead letters and quarantined files", "Sum", [
      own("DeadLetters"),
      own("QuarantinedFiles"),
      own("FilesQuarantined"),
    ]),
    widget("Manifests: repaired by the reconciler", "Sum", [
      own("AnnouncedFiles"),
      own("ResentManifests"),
      own("RepairedManifests"),
    ]),
    widget("Manifests: seconds without Parquet while files wait", "Maximum", [own("SecondsWithoutParquet")]),
  ];
}

function ownMetric(environment: Environment): (name: string) => Metric {
  return (name) => [metricNamespace(environment), name, "Environment", environment.name];
}
