import type { Construct } from "constructs";
import { useKey } from "../../constructs/encryption-key";
import { BundledFunction, type FunctionSettings } from "../../constructs/functions/bundled-function";
import type { PolicyStatement } from "../../constructs/policy";
import { datasetsOf } from "../../datasets/schema/datasets";
import {
  alertSource,
  databaseName,
  functionName,
  hasPipeline,
  manifestsJobName,
  metricNamespace,
} from "../../environments/schema";
import { isSmoke } from "../../runtime/smoke";
import { datedDatasetsOf, growingUploads } from "../datasets";
import { controlManifestsStatements, STREAMING_JOB_ITEM } from "./manifests/permissions";
import {
  changeTables,
  columnItems,
  type PipelineResources,
  putOwnEvents,
  useControlItems,
} from "./pipeline-resources";

export interface ControlPlaneProps extends PipelineResources {
  /** Settings that all functions of the environment share. */
  readonly settings: FunctionSettings;
}

/** Value of a variable of a pipeline that is off: none is empty. */
const NONE = "none";

/**
 * Function that looks after the streaming job, and adds the columns that files bring to their tables. It belongs to no
 * pipeline: without the others, each still needs it.
 */
export class ControlPlane extends BundledFunction<"control-plane"> {
  constructor(scope: Construct, id: string, props: ControlPlaneProps) {
    const { environment, ledger, settings } = props;
    super(scope, id, {
      handler: "control-plane",
      functionName: functionName(environment, "control-plane"),
      description: "keeps files' statuses, metrics, catalog columns and the streaming job as they should be",
      variables: {
        ...manifestsVariables(props),
        METRICS_TABLE: ledger.metrics.name,
        CONTROL_TABLE: ledger.control.name,
        DATABASE: databaseName(environment),
        S3_PATH_STYLE: String(environment.storage.pathStyle),
        ENVIRONMENT: environment.name,
        METRIC_NAMESPACE: metricNamespace(environment),
        ALERT_SOURCE: alertSource(environment),
      },
      statements: statements(props),
      settings: { ...settings, memorySizeMegabytes: 256, timeoutSeconds: 60 },
    });
  }
}

/** Variables of what the manifests pipeline has. */
function manifestsVariables({ environment, storage, ledger }: ControlPlaneProps) {
  const { manifests } = environment;
  const here = hasPipeline(environment, "manifests");
  return {
    TRACKING_TABLE: here ? ledger.tracking.name : NONE,
    TRACKING_SHARDS: String(manifests.trackingShards),
    MANIFESTS_BUCKET: here ? storage.manifests.bucket : NONE,
    // spelled out: the function need not wait for the job, which waits for its queue
    JOB_NAME: here ? manifestsJobName(environment) : NONE,
    WORKERS: String(manifests.workers.number),
  };
}

function statements(props: ControlPlaneProps): PolicyStatement[] {
  const { environment, ledger, storage } = props;
  const ofManifests = hasPipeline(environment, "manifests");
  const text = datedDatasetsOf(environment).map(({ name }) => name);
  const ofLedger = hasPipeline(environment, "ledger") ? datasetsOf("ledger") : [];
  const datasets = [
    ...growingUploads(environment).map(({ name }) => name),
    ...ofLedger.map(({ name }) => name).filter((name) => !isSmoke(name)),
    ...text,
  ];
  const write = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];
  return [
    ...(ofManifests ? controlManifestsStatements(props) : []),
    { sid: "UseMetrics", actions: [...write, "dynamodb:Query"], resources: [ledger.metrics.arn] },
    useControlItems(
      "UseControl",
      ledger.control,
      ["dynamodb:GetItem", "dynamodb:UpdateItem"],
      [...(ofManifests ? [STREAMING_JOB_ITEM] : []), ...columnItems(datasets)],
    ),
    ...changeTables(environment, datasets),
    putOwnEvents("PutEvents", environment, [
      "Tributary Alert",
      "SchemaDrift",
      ...(ofManifests ? ["ManifestProcessed"] : []),
    ]),
    useKey("Data", storage.dataKey.arn, environment.region, "read"),
  ];
}
