import { basename } from "node:path";
import type { Construct } from "constructs";
import { tableColumns } from "../../constructs/catalog/dataset-table";
import { datedTableColumns } from "../../constructs/catalog/dated-table";
import { DeclaredColumns } from "../../constructs/catalog/declared-columns";
import { BundledFunction, type FunctionSettings } from "../../constructs/functions/bundled-function";
import type { EventTarget } from "../../constructs/functions/invocations";
import { GlueConnections } from "../../constructs/glue/glue-connections";
import { JobCode } from "../../constructs/glue/job-code";
import { declaredFolders } from "../../datasets/schema/check";
import type { OutputColumn } from "../../datasets/schema/datasets";
import { schemaKey, versionOf } from "../../datasets/schema/version";
import {
  connectionName,
  databaseName,
  type Environment,
  functionName,
  hasPipeline,
  type Pipeline,
  usesPrivateSubnets,
} from "../../environments/schema";
import { datedDatasetsOf, plainDatasetsOf } from "../datasets";
import { functionSettings } from "../function-settings";
import { LayerStack } from "../layer-stack";
import type { LedgerStack } from "../ledger/stack";
import type { NetworkStack } from "../network/stack";
import type { StorageStack } from "../storage/stack";
import { ControlPlane } from "./control-plane";
import { LakeAudit } from "./lake-audit";
import { LedgerPipeline } from "./ledger/pipeline";
import { ManifestsPipeline } from "./manifests/pipeline";
import { admitColumns, changeTables } from "./pipeline-resources";
import { prefixesOf } from "./raw-events";
import { type Receiver, takeRawEvents } from "./raw-intake";
import { UntakenObjects } from "./untaken-objects";
import { UploadsPipeline } from "./uploads/pipeline";

export interface ComputeStackProps {
  readonly network: NetworkStack;
  readonly storage: StorageStack;
  readonly ledger: LedgerStack;
}

/** Compute layer: the functions and jobs of the environment's pipelines, and their triggers. */
export class ComputeStack extends LayerStack {
  readonly uploads: UploadsPipeline | undefined;
  readonly manifests: ManifestsPipeline | undefined;
  readonly ledger: LedgerPipeline | undefined;

  constructor(scope: Construct, environment: Environment, props: ComputeStackProps) {
    super(scope, environment, "compute");
    const settings = functionSettings(environment, props.storage);
    const connections = usesPrivateSubnets(environment) ? this.connections(props.network) : undefined;
    const code = this.jobCode(props.storage);
    this.keepVersions(code);
    const resources = { environment, ...props, connections, settings, code };
    const all = { ...resources, controlPlane: new ControlPlane(this, "control-plane", resources) };
    this.uploads = this.has("uploads") ? new UploadsPipeline(this, all) : undefined;
    this.manifests = this.has("manifests") ? new ManifestsPipeline(this, "manifests", all) : undefined;
    this.ledger = this.has("ledger") ? new LedgerPipeline(this, "ledger", all) : undefined;
    this.addDeclaredColumns(settings, props.ledger);
    this.takeRawEvents(props.storage);
    new UntakenObjects(this, "untaken-objects", { environment, storage: props.storage, settings });
    new LakeAudit(this, "lake-audit", { environment, storage: props.storage, settings });
    this.uploads?.start();
  }

  private has(pipeline: Pipeline): boolean {
    return hasPipeline(this.environment, pipeline);
  }

  private jobCode({ artifacts }: StorageStack): JobCode {
    const { account, region, storage, glue } = this.environment;
    return new JobCode(this, "code", {
      bucketName: artifacts.bucket,
      account,
      region,
      pathStyle: storage.pathStyle,
      installWheels: glue.dependencies === "artifacts",
    });
  }

  /** Keeps the declaration and the SQL of every version, by which a `dataset_version` in a file is read back. */
  private keepVersions({ store }: JobCode): void {
    const names = [...plainDatasetsOf(this.environment), ...datedDatasetsOf(this.environment)].map(
      ({ name }) => name,
    );
    for (const folder of declaredFolders().filter((each) => names.includes(basename(each)))) {
      const { version, files } = versionOf(folder);
      for (const { name, path } of files) store.keep(schemaKey(basename(folder), version, name), path);
    }
  }

  private connections({ zones, workloads }: NetworkStack): GlueConnections {
    const { account, region } = this.environment;
    return new GlueConnections(this, "connections", {
      zones: zones.map((zone) => ({
        ...zone,
        connectionName: connectionName(this.environment, zone.zone),
      })),
      securityGroup: workloads,
      account,
      region,
    });
  }

  /** Adds newly declared columns by a function of its own: nothing that answers events may change these tables. */
  private addDeclaredColumns(settings: FunctionSettings, { control }: LedgerStack): void {
    const datasets = declaredColumns(this.environment);
    const tables = [...datasets.keys()];
    const adder = new BundledFunction(this, "declared-columns", {
      handler: "declared-columns",
      functionName: functionName(this.environment, "declared-columns"),
      description: "adds declared columns to the tables of the catalog at a deploy",
      variables: { DATABASE: databaseName(this.environment), CONTROL_TABLE: control.name },
      statements: [...changeTables(this.environment, tables), admitColumns(control, tables)],
      // on a first apply it waits for its own permissions, two minutes at most
      settings: { ...settings, memorySizeMegabytes: 256, timeoutSeconds: 180 },
      synchronous: true,
    });
    for (const [dataset, columns] of datasets) {
      new DeclaredColumns(this, `declared-columns-${dataset}`, { adder, dataset, columns });
    }
  }

  private takeRawEvents(storage: StorageStack): void {
    const { uploads, manifests, ledger } = this;
    const receiver = (pipeline: Pipeline, target: EventTarget | undefined): Receiver[] =>
      target === undefined ? [] : [{ pipeline, prefixes: prefixesOf(pipeline), target }];
    takeRawEvents(this, {
      environment: this.environment,
      storage,
      receivers: [
        ...receiver("uploads", uploads?.trigger),
        ...receiver("manifests", manifests?.inputs),
        ...receiver("ledger", ledger?.inputs),
      ],
    });
  }
}

/** Columns that each dataset's table has from the beginning, by its name. */
function declaredColumns(environment: Environment): ReadonlyMap<string, readonly OutputColumn[]> {
  return new Map([
    ...plainDatasetsOf(environment).map((dataset) => [dataset.name, tableColumns(dataset)] as const),
    ...datedDatasetsOf(environment).map((dataset) => [dataset.name, datedTableColumns(dataset)] as const),
  ]);
}
