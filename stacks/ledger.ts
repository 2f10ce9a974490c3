import { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table";
import type { Construct } from "constructs";
import { type Environment, uploadsTableName } from "../environments";
import { LayerStack } from "./layer-stack";
import type { StorageStack } from "./storage";

export interface LedgerStackProps {
  readonly storage: StorageStack;
}

/** Name of the sparse index that holds pending uploads only. */
export const PENDING_INDEX = "pending";

/** The books: one item for each version of each upload. */
export class LedgerStack extends LayerStack {
  readonly uploads: DynamodbTable;

  constructor(scope: Construct, environment: Environment, props: LedgerStackProps) {
    super(scope, environment, "ledger");
    this.uploads = new DynamodbTable(this, "uploads", {
      name: uploadsTableName(environment),
      billingMode: "PAY_PER_REQUEST",
      hashKey: "object",
      rangeKey: "version",
      attribute: ["object", "version", "pending_shard", "available_at"].map((name) => ({ name, type: "S" })),
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
      pointInTimeRecovery: { enabled: environment.ledger.pointInTimeRecovery },
      serverSideEncryption: { enabled: true, kmsKeyArn: props.storage.key.arn },
      deletionProtectionEnabled: environment.deletionGuard,
      lifecycle: { preventDestroy: environment.deletionGuard },
    });
  }
}
