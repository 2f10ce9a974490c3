import { S3BucketNotification } from "@cdktf/provider-aws/lib/s3-bucket-notification";
import type { Construct } from "constructs";
import { type DatasetColumn, declaredDatasets, declaredTextDatasets } from "../../constructs/catalog/dataset";
import { tableColumns } from "../../constructs/catalog/dataset-table";
import { DeclaredColumns } from "../../constructs/catalog/declared-columns";
import { TEXT_TABLE_COLUMNS } from "../../constructs/catalog/text-dataset-table";
import { admitInvoker } from "../../constructs/functions/invocations";
import { type Environment, INPUT_PREFIX, RAW_JSON_PREFIX } from "../../environments/schema";
import { functionSettings } from "../function-settings";
import { LayerStack } from "../layer-stack";
import type { LedgerStack } from "../ledger/stack";
import type { NetworkStack } from "../network/stack";
import type { StorageStack } from "../storage/stack";
import { LedgerPipeline } from "./ledger/pipeline";
import { ManifestsPipeline } from "./manifests/pipeline";
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
    const resources = { environment, ...props, settings: functionSettings(environment, props.storage) };
    this.uploads = new UploadsPipeline(this, resources);
    const { code } = this.uploads.job;
    this.manifests = new ManifestsPipeline(this, "manifests", { ...resources, code });
    const { controlPlane } = this.manifests;
    this.ledger = new LedgerPipeline(this, "ledger", { ...resources, code, controlPlane });
    for (const [dataset, columns] of declaredColumns()) {
      new DeclaredColumns(this, `declared-columns-${dataset}`, { controlPlane, dataset, columns });
    }
    this.notifyOfUploads(props.storage);
    this.uploads.start();
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
function declaredColumns(): (readonly [string, readonly DatasetColumn[]])[] {
  return [
    ...declaredDatasets().map((dataset) => [dataset.name, tableColumns(dataset)] as const),
    ...declaredTextDatasets().map(({ name }) => [name, TEXT_TABLE_COLUMNS] as const),
  ];
}
