import { DynamodbTable, type DynamodbTableConfig } from "@cdktf/provider-aws/lib/dynamodb-table";
import type { Construct } from "constructs";
import {
  controlTableName,
  type Environment,
  metricsTableName,
  trackingTableName,
  uploadsTableName,
} from "../environments";
import { LayerStack } from "./layer-stack";
import type { StorageStack } from "./storage";

export interface LedgerStackProps {
  readonly storage: StorageStack;
}

/** Name of the sparse index that holds pending uploads only. */
export const PENDING_INDEX = "pending";
/** Name of the sparse index that holds files only that are not finished, or failed, or quarantined. */
export const OPEN_INDEX = "open";

/** In what tables differ; the guards are the same for all. */
type TableShape = Pick<
  DynamodbTableConfig,
  "name" | "hashKey" | "rangeKey" | "attribute" | "globalSecondaryIndex" | "ttl"
>;

/** The books: one item for each version of each upload, and those of the manifest pipeline. */
export class LedgerStack extends LayerStack {
  readonly uploads: DynamodbTable;
  /** One item for each file of the manifest pipeline, and one for each older version. */
  readonly tracking: DynamodbTable;
  readonly metrics: DynamodbTable;
  /** Desired state, worker numbers, cursors. */
  readonly control: DynamodbTable;

  constructor(scope: Construct, environment: Environment, props: LedgerStackProps) {
    super(scope, environment, "ledger");
    this.uploads = this.table("uploads", props, {
      name: uploadsTableName(environment),
      hashKey: "object",
      rangeKey: "version",
      attribute: strings("object", "version", "pending_shard", "available_at"),
      globalSecondaryIndex: [
        {
          name: PENDING_INDEX,
          hashKey: "pending_shard",
          rangeKey: "available_at",
          projectionType: "INCLUDE",
          nonKeyAttributes: ["registered_at", "attempts"],
        },
      ],
      // superseded versions alone carry the attribute: a key's current item never expires
      ttl: { enabled: true, attributeName: "expires_at" },
    });
    this.tracking = this.trackingTable(props);
    this.metrics = this.table("metrics", props, {
      name: metricsTableName(environment),
      hashKey: "metric_date",
      rangeKey: "metric_type",
      attribute: strings("metric_date", "metric_type"),
      ttl: { enabled: true, attributeName: "ttl" },
    });
    this.control = this.table("control", props, {
      name: controlTableName(environment),
      hashKey: "name",
      attribute: strings("name"),
    });
  }

  private trackingTable(props: LedgerStackProps): DynamodbTable {
    return this.table("file-tracking", props, {
      name: trackingTableName(this.environment),
      hashKey: "date_prefix",
      rangeKey: "file_name",
      attribute: strings("date_prefix", "file_name", "open_shard", "created_at"),
      globalSecondaryIndex: [
        {
          name: OPEN_INDEX,
          hashKey: "open_shard",
          rangeKey: "created_at",
          projectionType: "INCLUDE",
          nonKeyAttributes: ["manifest_path"],
        },
      ],
      // finished files alone carry the attribute
      ttl: { enabled: true, attributeName: "ttl" },
    });
  }

  private table(id: string, { storage }: LedgerStackProps, shape: TableShape): DynamodbTable {
    const { deletionGuard, ledger } = this.environment;
    return new DynamodbTable(this, id, {
      ...shape,
      billingMode: "PAY_PER_REQUEST",
      pointInTimeRecovery: { enabled: ledger.pointInTimeRecovery },
      serverSideEncryption: { enabled: true, kmsKeyArn: storage.key.arn },
      deletionProtectionEnabled: deletionGuard,
      lifecycle: { preventDestroy: deletionGuard },
    });
  }
}

function strings(...names: readonly string[]) {
  return names.map((name) => ({ name, type: "S" }));
}
