import { DynamodbTable, type DynamodbTableConfig } from "@cdktf/provider-aws/lib/dynamodb-table";
import type { Construct } from "constructs";
import type { EncryptionKey } from "../../constructs/encryption-key";
import { BundledFunction } from "../../constructs/functions/bundled-function";
import { LedgerMigrations } from "../../constructs/ledger-migrations";
import {
  type Environment,
  functionName,
  hasPipeline,
  type TableName,
  tableName,
  tablesOf,
} from "../../environments/schema";
import { OPEN_INDEX, PENDING_INDEX } from "../../runtime/indexes";
import { functionSettings } from "../function-settings";
import { LayerStack } from "../layer-stack";
import type { NetworkStack } from "../network/stack";
import { partOfPipeline } from "../part-of-pipeline";
import type { StorageStack } from "../storage/stack";
import { LedgerServer } from "./server";

export interface LedgerStackProps {
  readonly network: NetworkStack;
  readonly storage: StorageStack;
}

/** Properties in which tables differ; the guards are the same for all. */
type TableShape = Pick<
  DynamodbTableConfig,
  "hashKey" | "rangeKey" | "attribute" | "globalSecondaryIndex" | "ttl"
>;

const TABLES: Readonly<Record<TableName, TableShape>> = {
  uploads: {
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
  },
  "file-tracking": {
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
  },
  metrics: {
    hashKey: "metric_date",
    rangeKey: "metric_type",
    attribute: strings("metric_date", "metric_type"),
    ttl: { enabled: true, attributeName: "ttl" },
  },
  control: { hashKey: "name", attribute: strings("name") },
};

/**
 * Maximum duration of a function; longer migrations are run from the command line.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (2026-11-29)
 */
const MIGRATION_SECONDS = 900;

/** State of the pipelines: tables of uploads and manifests, and PostgreSQL for the ledger. */
export class LedgerStack extends LayerStack {
  /** Key of tables and PostgreSQL: whoever may read files need not read the books, nor the other way round. */
  readonly key: EncryptionKey;
  private readonly tables: ReadonlyMap<TableName, DynamodbTable>;
  private readonly postgres: LedgerServer | undefined;

  constructor(scope: Construct, environment: Environment, props: LedgerStackProps) {
    super(scope, environment, "ledger");
    this.key = this.encryptionKey("key", "ledger", {
      description: `state of the pipelines of ${environment.project} ${environment.name}: tables, PostgreSQL and its secret`,
      dynamodb: true,
    });
    this.tables = new Map(tablesOf(environment).map((name) => [name, this.table(name)]));
    if (!hasPipeline(environment, "ledger")) return;
    this.postgres = new LedgerServer(this, "postgres", { environment, keyArn: this.key.arn, ...props });
    this.migrate(this.postgres, this.migrator(this.postgres, props));
  }

  get uploads(): DynamodbTable {
    return this.deployed("uploads");
  }

  /** Tracking table: one item for each file of the manifests pipeline, and one for each older version. */
  get tracking(): DynamodbTable {
    return this.deployed("file-tracking");
  }

  get metrics(): DynamodbTable {
    return this.deployed("metrics");
  }

  /** Control table: desired state, worker numbers, cursors. */
  get control(): DynamodbTable {
    return this.deployed("control");
  }

  get server(): LedgerServer {
    return partOfPipeline(this.postgres, "PostgreSQL");
  }

  private deployed(table: TableName): DynamodbTable {
    return partOfPipeline(this.tables.get(table), `the table ${table}`);
  }

  private migrator(server: LedgerServer, { storage }: LedgerStackProps): BundledFunction<"ledger-migrator"> {
    const { environment } = this;
    return new BundledFunction(this, "migrator", {
      handler: "ledger-migrator",
      functionName: functionName(environment, "ledger-migrator"),
      description: "brings the ledger's schema and logins up to date",
      variables: {
        ...server.migrationAddress,
        LOGIN_AUTHENTICATION: environment.ledger.postgres.authentication,
      },
      statements: server.connectToMigrate(),
      settings: { ...functionSettings(environment, storage), timeoutSeconds: MIGRATION_SECONDS },
      network: server.functionNetwork,
      synchronous: true,
    });
  }

  private migrate(server: LedgerServer, migrator: BundledFunction<"ledger-migrator">): void {
    const { LEDGER_HOST, LEDGER_DATABASE } = server.address;
    new LedgerMigrations(this, "migrations", {
      migrator,
      triggers: {
        host: LEDGER_HOST,
        database: LEDGER_DATABASE,
        authentication: this.environment.ledger.postgres.authentication,
      },
      dependsOn: server.networkRules,
    });
  }

  private table(name: TableName): DynamodbTable {
    const { deletionGuard, ledger } = this.environment;
    return new DynamodbTable(this, name, {
      ...TABLES[name],
      name: tableName(this.environment, name),
      billingMode: "PAY_PER_REQUEST",
      pointInTimeRecovery: { enabled: ledger.pointInTimeRecovery },
      serverSideEncryption: { enabled: true, kmsKeyArn: this.key.arn },
      deletionProtectionEnabled: deletionGuard,
      lifecycle: { preventDestroy: deletionGuard },
    });
  }
}

function strings(...names: readonly string[]) {
  return names.map((name) => ({ name, type: "S" }));
}
