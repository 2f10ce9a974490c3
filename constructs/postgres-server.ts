import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DbInstance, type DbInstanceConfig } from "@cdktf/provider-aws/lib/db-instance";
import { DbParameterGroup, type DbParameterGroupParameter } from "@cdktf/provider-aws/lib/db-parameter-group";
import { DbSubnetGroup } from "@cdktf/provider-aws/lib/db-subnet-group";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Fn, type ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { ServiceRole } from "./service-role";

export interface PostgresServerProps {
  /** Name of the server, its groups and everything that belongs to them. */
  readonly identifier: string;
  /** Major version; RDS applies minor ones by itself. */
  readonly version: string;
  readonly instanceClass: string;
  readonly storageGigabytes: number;
  /** Maximum storage, up to which it grows by itself. */
  readonly maximumStorageGigabytes: number;
  readonly multiZone: boolean;
  readonly backupDays: number;
  readonly performanceInsights: boolean;
  readonly port: number;
  readonly databaseName: string;
  /** Key of storage, backups, secret and insights. */
  readonly keyArn: string;
  readonly logKeyArn: string;
  readonly vpcId: string;
  readonly subnetIds: string[];
  /** Security group whose members may connect. */
  readonly clientsGroupId: string;
  readonly logRetentionDays: number;
  /** Interval of enhanced monitoring; 0: none. */
  readonly monitoringSeconds: number;
  /** Prevents deletion by RDS and Terraform. */
  readonly deletionGuard: boolean;
  /** Keeps a snapshot of a server that is deleted. */
  readonly finalSnapshot: boolean;
  readonly account: string;
  readonly region: string;
}

/** Maximum number of connections, whatever the class; the pipeline uses about thirty. */
export const MAX_CONNECTIONS = 100;

/**
 * Master user that RDS creates; its password is in a secret that RDS rotates every week.
 *
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html (2026-11-29)
 */
export const ADMINISTRATOR = "postgres";

const LOGS = ["postgresql", "upgrade"] as const;

const AT_START = { applyMethod: "pending-reboot" };

const PARAMETERS: DbParameterGroupParameter[] = [
  // RDS keeps "pending-reboot" for values that equal or may equal its own, whatever is requested, and every plan would
  // change them again; the group exists before the server first starts, so all are in force from then on.
  { name: "rds.force_ssl", value: "1", ...AT_START },
  { name: "track_io_timing", value: "1", ...AT_START },
  { name: "log_autovacuum_min_duration", value: "10000", ...AT_START },
  // these two are read at the start only
  { name: "shared_preload_libraries", value: "pg_stat_statements", ...AT_START },
  { name: "max_connections", value: String(MAX_CONNECTIONS), ...AT_START },
  // no statement of the ledger's takes a second, but maintenance
  { name: "log_min_duration_statement", value: "1000" },
  { name: "log_lock_waits", value: "1" },
  // claims delete 10,000 rows at a time from the queue: ten times as fast as PostgreSQL's own pace
  { name: "autovacuum_vacuum_cost_limit", value: "2000" },
  // a transaction that is forgotten open would keep all dead rows
  { name: "idle_in_transaction_session_timeout", value: "300000" },
];

/**
 * Retention of Performance Insights that is free of charge.
 *
 * @see https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_rds.PerformanceInsightRetention.html (2026-11-29)
 */
const FREE_INSIGHT_DAYS = 7;

/** Private PostgreSQL server of RDS, reached by TLS alone. */
export class PostgresServer extends Construct {
  readonly instance: DbInstance;
  /** Network rules that must exist before a client reaches the server. */
  readonly networkRules: readonly (VpcSecurityGroupIngressRule | VpcSecurityGroupEgressRule)[];

  constructor(scope: Construct, id: string, props: PostgresServerProps) {
    super(scope, id);
    const group = this.securityGroup(props);
    this.networkRules = this.admitClients(group, props);
    const { identifier, keyArn } = props;
    const monitoring = this.monitoring(props);
    this.instance = new DbInstance(this, "instance", {
      identifier,
      engine: "postgres",
      engineVersion: props.version,
      autoMinorVersionUpgrade: true,
      instanceClass: props.instanceClass,
      multiAz: props.multiZone,
      ...storageFields(props),
      dbName: props.databaseName,
      port: props.port,
      username: ADMINISTRATOR,
      manageMasterUserPassword: true,
      masterUserSecretKmsKeyId: keyArn,
      iamDatabaseAuthenticationEnabled: true,
      publiclyAccessible: false,
      dbSubnetGroupName: this.subnetGroup(props).name,
      vpcSecurityGroupIds: [group.id],
      parameterGroupName: this.parameterGroup(props).name,
      ...backupFields(props),
      ...insightFields(props),
      ...monitoring.fields,
      enabledCloudwatchLogsExports: [...LOGS],
      // Sundays at night: after the daily backup, and not while the workflow lists
      maintenanceWindow: "sun:05:30-sun:06:30",
      deletionProtection: props.deletionGuard,
      lifecycle: {
        preventDestroy: props.deletionGuard,
        // RDS gives no server another key: one keeps that of its creation, and the name of its last snapshot
        ignoreChanges: ["kms_key_id", "performance_insights_kms_key_id", "final_snapshot_identifier"],
      },
      // RDS would make the log groups itself, without key and end
      dependsOn: [...this.logGroups(props), ...monitoring.policies],
    });
  }

  /** ARN of the secret of the master user. */
  get masterSecretArn(): string {
    return this.instance.masterUserSecret.get(0).secretArn;
  }

  private securityGroup({ identifier, vpcId }: PostgresServerProps): SecurityGroup {
    return new SecurityGroup(this, "security-group", {
      name: identifier,
      description: "PostgreSQL server of the ledger",
      vpcId,
      tags: { Name: identifier },
    });
  }

  private admitClients(group: SecurityGroup, { clientsGroupId, port }: PostgresServerProps) {
    const rule = { ipProtocol: "tcp", fromPort: port, toPort: port };
    const into = new VpcSecurityGroupIngressRule(this, "from-clients", {
      ...rule,
      securityGroupId: group.id,
      referencedSecurityGroupId: clientsGroupId,
      description: "workloads",
    });
    const out = new VpcSecurityGroupEgressRule(this, "clients-to-server", {
      ...rule,
      securityGroupId: clientsGroupId,
      referencedSecurityGroupId: group.id,
      description: "PostgreSQL",
    });
    return [into, out];
  }

  private subnetGroup({ identifier, subnetIds }: PostgresServerProps): DbSubnetGroup {
    return new DbSubnetGroup(this, "subnets", {
      name: identifier,
      description: "private subnets of the ledger's server",
      subnetIds,
    });
  }

  private parameterGroup({ identifier, version }: PostgresServerProps): DbParameterGroup {
    return new DbParameterGroup(this, "parameters", {
      name: `${identifier}-postgres${version}`,
      description: "settings of the ledger's server",
      family: `postgres${version}`,
      parameter: PARAMETERS,
      // a server that changes its major version needs the new group while it still has the old one
      lifecycle: { createBeforeDestroy: true },
    });
  }

  /**
   * Builds the fields of enhanced monitoring, with the role that RDS writes by. It must have its policies first.
   *
   * @see https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRDSEnhancedMonitoringRole.html (2026-11-30)
   */
  private monitoring({ identifier, monitoringSeconds, account, region }: PostgresServerProps): {
    readonly fields: Pick<DbInstanceConfig, "monitoringInterval" | "monitoringRoleArn">;
    readonly policies: readonly ITerraformDependable[];
  } {
    if (monitoringSeconds === 0) return { fields: { monitoringInterval: 0 }, policies: [] };
    const groups = `arn:aws:logs:${region}:${account}:log-group:RDS*`;
    const { role, policies } = new ServiceRole(this, "monitoring-role", {
      roleName: `${identifier}-monitoring`,
      description: `enhanced monitoring of the server ${identifier}`,
      service: "monitoring.rds.amazonaws.com",
      account,
      statements: [
        {
          sid: "MakeLogGroup",
          actions: ["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
          resources: [groups],
        },
        {
          sid: "WriteMeasures",
          actions: [
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "logs:DescribeLogStreams",
            "logs:GetLogEvents",
          ],
          resources: [`${groups}:log-stream:*`],
        },
      ],
    });
    return { fields: { monitoringInterval: monitoringSeconds, monitoringRoleArn: role.arn }, policies };
  }

  private logGroups({ identifier, logRetentionDays, logKeyArn }: PostgresServerProps): CloudwatchLogGroup[] {
    return LOGS.map(
      (log) =>
        new CloudwatchLogGroup(this, `log-group-${log}`, {
          name: `/aws/rds/instance/${identifier}/${log}`,
          retentionInDays: logRetentionDays,
          kmsKeyId: logKeyArn,
        }),
    );
  }
}

function storageFields({ storageGigabytes, maximumStorageGigabytes, keyArn }: PostgresServerProps) {
  return {
    storageType: "gp3",
    allocatedStorage: storageGigabytes,
    maxAllocatedStorage: maximumStorageGigabytes,
    storageEncrypted: true,
    kmsKeyId: keyArn,
  };
}

/**
 * Builds the fields of backups. The last snapshot is named after the moment at which the server was made, which the
 * state keeps: a server of the same name that is destroyed later would else be refused for the name of the first.
 *
 * @see https://github.com/terraform-aws-modules/terraform-aws-rds/pull/82 (2026-11-30)
 */
function backupFields({ identifier, backupDays, deletionGuard, finalSnapshot }: PostgresServerProps) {
  const made = Fn.formatdate("YYYYMMDDhhmmss", Fn.timestamp());
  return {
    backupRetentionPeriod: backupDays,
    backupWindow: "03:30-04:30",
    copyTagsToSnapshot: true,
    deleteAutomatedBackups: !deletionGuard,
    skipFinalSnapshot: !finalSnapshot,
    // also where it is skipped: the setting may change, and no name is given to a server that is there
    finalSnapshotIdentifier: `${identifier}-final-${made}`,
  };
}

function insightFields({ performanceInsights, keyArn }: PostgresServerProps) {
  return performanceInsights
    ? {
        performanceInsightsEnabled: true,
        performanceInsightsKmsKeyId: keyArn,
        performanceInsightsRetentionPeriod: FREE_INSIGHT_DAYS,
      }
    : { performanceInsightsEnabled: false };
}
