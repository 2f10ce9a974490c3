import { S3BucketNotification } from "@cdktf/provider-aws/lib/s3-bucket-notification";
import type { Construct } from "constructs";
import { type DatasetColumn, declaredDatasets, declaredTextDatasets } from "../../constructs/catalog/dataset";
import { tableColumns } from "../../constructs/catalog/dataset-table";
import { DeclaredColumns } from "../../constructs/catalog/declared-columns";
import { TEXT_TABLE_COLUMNS } from "../../constructs/catalog/text-dataset-table";
import { BundledFunction, type FunctionSettings } from "../../constructs/functions/bundled-function";
import { admitInvoker } from "../../constructs/functions/invocations";
import { GlueConnections } from "../../constructs/glue/glue-connections";
import {
  connectionName,
  databaseName,
  type Environment,
  functionName,
  INPUT_PREFIX,
  RAW_JSON_PREFIX,
} from "../../environments/schema";
import { latestViewName } from "../../runtime/manifests/latest-view";
import { functionSettings } from "../function-settings";
import { LayerStack } from "../layer-stack";
import type { LedgerStack } from "../ledger/stack";
import type { NetworkStack } from "../network/stack";
import type { StorageStack } from "../storage/stack";
import { LedgerPipeline } from "./ledger/pipeline";
import { ManifestsPipeline } from "./manifests/pipeline";
import { admitColumns, changeTables } from "./pipeline-resources";
import { UploadsPipeline } from "./uploads/pipeline";

export interface ComputeStackProps {
  readonly network: NetworkStack;
  readonly storage: StorageStack;
  readonly ledger: LedgerStack;
}

/** Compute layer: the functions and jobs of the three pipelines, and their triggers. */
export class ComputeStack extends LayerStack {
  readonly uploads: UploadsPipeline;
  readonly manifests: ManifestsPipeline;
  readonly ledger: LedgerPipeline;

  constructor(scope: Construct, environment: Environment, props: ComputeStackProps) {
    super(scope, environment, "compute");
    const settings = functionSettings(environment, props.storage);
    const connections = this.connections(props.network);
    const resources = { environment, ...props, connections, settings };
    this.uploads = new UploadsPipeline(this, resources);
    const { code } = this.uploads.job;
    this.manifests = new ManifestsPipeline(this, "manifests", { ...resources, code });
    const { controlPlane } = this.manifests;
    this.ledger = new LedgerPipeline(this, "ledger", { ...resources, code, controlPlane });
    this.addDeclaredColumns(settings, props.ledger);
    this.notifyOfUploads(props.storage);
    this.uploads.start();
  }

  private connections({ zones, workloads }: NetworkStack): GlueConnections {
    const { account, region } = this.environment;
    return new GlueConnections(this, "connections", {
      zones: zones.map((zone) => ({
        ...zone,
        connectionName: connectionName(this.environment, zone.letter),
      })),
      securityGroup: workloads,
      account,
      region,
    });
  }

  /** Adds newly declared columns by a function of its own: nothing that answers events may change these tables. */
  private addDeclaredColumns(settings: FunctionSettings, { control }: LedgerStack): void {
    const datasets = declaredColumns();
    const views = declaredTextDatasets().map(({ name }) => latestViewName(name));
    const adder = new BundledFunction(this, "declared-columns", {
      handler: "declared-columns",
      functionName: functionName(this.environment, "declared-columns"),
      description: "adds declared columns to the tables of the catalog at a deploy",
      variables: { DATABASE: databaseName(this.environment), CONTROL_TABLE: control.name },
      statements: [
        changeTables(this.environment, [...datasets.keys(), ...views]),
        admitColumns(control, [...datasets.keys()]),
      ],
      settings: { ...settings, memorySizeMegabytes: 256, timeoutSeconds: 60 },
      synchronous: true,
    });
    for (const [dataset, columns] of datasets) {
      new DeclaredColumns(this, `declared-columns-${dataset}`, { adder, dataset, columns });
    }
  }

  /**
   * All notifications of the bucket: S3 keeps one configuration, and a second resource would erase this one.
   *
   * @see https://docs.aws.amazon.com/goto/SdkForKotlin/s3-2006-03-01/PutBucketNotificationConfiguration (2026-11-29)
   */
  private notifyOfUploads(storage: StorageStack): void {
    const permission = admitInvoker(this, "uploads", this.uploads.trigger.function, {
      principal: "s3.amazonaws.com",
      sourceArn: storage.raw.arn,
      account: this.environment.account,
    });
    const common = { events: ["s3:ObjectCreated:*"], filterPrefix: INPUT_PREFIX };
    new S3BucketNotification(this, "uploads", {
      bucket: storage.raw.id,
      lambdaFunction: [".csv", ".csv.gz"].map((suffix) => ({
        ...common,
        id: `uploads${suffix.replaceAll(".", "-")}`,
        lambdaFunctionArn: this.uploads.trigger.function.arn,
        filterSuffix: suffix,
      })),
      queue: [
        ...[".ndjson", ".ndjson.gz"].map((suffix) => ({
          ...common,
          id: `inputs${suffix.replaceAll(".", "-")}`,
          queueArn: this.manifests.inputs.queue.arn,
          filterSuffix: suffix,
        })),
        {
          ...common,
          id: "ledger-inputs",
          queueArn: this.ledger.inputs.queue.arn,
          filterPrefix: RAW_JSON_PREFIX,
        },
      ],
      // S3 tries the function when the notification is put, and refuses what it may not call
      dependsOn: [permission],
    });
  }
}

/** Columns that each dataset's table has from the beginning, by its name. */
function declaredColumns(): ReadonlyMap<string, readonly DatasetColumn[]> {
  return new Map([
    ...declaredDatasets().map((dataset) => [dataset.name, tableColumns(dataset)] as const),
    ...declaredTextDatasets().map(({ name }) => [name, TEXT_TABLE_COLUMNS] as const),
  ]);
}
