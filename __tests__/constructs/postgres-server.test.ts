import { describe, expect, test } from "@jest/globals";
import { PostgresServer, type PostgresServerProps } from "../../constructs/postgres-server";
import { resource, resourcesOf, statementsOf } from "../support/resources";
import { synthesizeConstruct } from "../support/synthesize";

const KEY = "arn:aws:kms:us-east-1:123456789012:key/1";
const LOG_KEY = "arn:aws:kms:us-east-1:123456789012:key/2";

function serverWith(props: Partial<PostgresServerProps> = {}) {
  return synthesizeConstruct((scope) => {
    new PostgresServer(scope, "server", {
      identifier: "lake-dev-ledger",
      version: "18",
      instanceClass: "db.t4g.medium",
      storageGigabytes: 100,
      maximumStorageGigabytes: 500,
      multiZone: true,
      backupDays: 14,
      performanceInsights: true,
      port: 5432,
      databaseName: "tributary",
      keyArn: KEY,
      logKeyArn: LOG_KEY,
      vpcId: "vpc-1",
      subnetIds: ["subnet-1", "subnet-2"],
      clientsGroupId: "sg-workloads",
      logRetentionDays: 30,
      monitoringSeconds: 0,
      deletionGuard: true,
      finalSnapshot: true,
      account: "123456789012",
      region: "us-east-1",
      ...props,
    });
  });
}

const stack = serverWith();
const instance = resource(stack, "aws_db_instance");

describe("a PostgreSQL server", () => {
  test("has the wanted major version, and takes minor ones by itself", () => {
    expect(instance).toMatchObject({
      engine: "postgres",
      engine_version: "18",
      auto_minor_version_upgrade: true,
    });
    expect(instance).not.toHaveProperty("allow_major_version_upgrade");
    expect(resource(stack, "aws_db_parameter_group")["family"]).toBe("postgres18");
  });

  test("encrypts storage, secret and insights under the key, and grows by itself", () => {
    expect(instance).toMatchObject({
      storage_type: "gp3",
      storage_encrypted: true,
      kms_key_id: KEY,
      master_user_secret_kms_key_id: KEY,
      performance_insights_kms_key_id: KEY,
      allocated_storage: 100,
      max_allocated_storage: 500,
    });
  });

  test("leaves the password to RDS, and lets logins show tokens", () => {
    expect(instance).toMatchObject({
      manage_master_user_password: true,
      iam_database_authentication_enabled: true,
    });
    expect(instance).not.toHaveProperty("password");
  });

  test("is private, and reached by its clients alone, at its port, encrypted", () => {
    expect(instance["publicly_accessible"]).toBe(false);
    expect(resourcesOf(stack, "aws_vpc_security_group_ingress_rule").map(([, rule]) => rule)).toEqual([
      expect.objectContaining({
        security_group_id: expect.stringContaining("aws_security_group."),
        referenced_security_group_id: "sg-workloads",
        ip_protocol: "tcp",
        from_port: 5432,
        to_port: 5432,
      }),
    ]);
    expect(resource(stack, "aws_vpc_security_group_egress_rule")).toMatchObject({
      security_group_id: "sg-workloads",
      referenced_security_group_id: expect.stringContaining("aws_security_group."),
      from_port: 5432,
    });
    expect(resource(stack, "aws_db_parameter_group")["parameter"]).toContainEqual({
      name: "rds.force_ssl",
      value: "1",
      apply_method: "pending-reboot",
    });
  });

  test("waits for a restart with what is read at start alone, or is RDS's own value, which no plan could change", () => {
    const parameters = resource(stack, "aws_db_parameter_group")["parameter"] as Record<string, string>[];
    const pending = parameters.filter((each) => each["apply_method"] === "pending-reboot");
    expect(pending.map(({ name }) => name)).toEqual([
      "rds.force_ssl",
      "track_io_timing",
      "log_autovacuum_min_duration",
      "shared_preload_libraries",
      "max_connections",
    ]);
  });

  test("logs to encrypted groups that forget in time, made before RDS makes its own", () => {
    const groups = resourcesOf(stack, "aws_cloudwatch_log_group");
    expect(
      groups
        .map(([, { name, retention_in_days, kms_key_id }]) => [name, retention_in_days, kms_key_id])
        .sort(),
    ).toEqual([
      ["/aws/rds/instance/lake-dev-ledger/postgresql", 30, LOG_KEY],
      ["/aws/rds/instance/lake-dev-ledger/upgrade", 30, LOG_KEY],
    ]);
    expect(instance["enabled_cloudwatch_logs_exports"]).toEqual(["postgresql", "upgrade"]);
    expect(instance["depends_on"]).toEqual(groups.map(([id]) => `aws_cloudwatch_log_group.${id}`).sort());
  });

  test("is kept by RDS and by Terraform, and leaves a snapshot, where it is guarded", () => {
    expect(instance).toMatchObject({
      deletion_protection: true,
      skip_final_snapshot: false,
      delete_automated_backups: false,
      copy_tags_to_snapshot: true,
      backup_retention_period: 14,
      lifecycle: { prevent_destroy: true },
    });
  });

  test("names its last snapshot after the moment it was made, which no later plan changes", () => {
    // a second server of this name would else be refused its end
    expect(instance["final_snapshot_identifier"]).toBe(
      `lake-dev-ledger-final-\${formatdate("YYYYMMDDhhmmss", timestamp())}`,
    );
    expect(instance["lifecycle"]).toMatchObject({
      ignore_changes: expect.arrayContaining(["final_snapshot_identifier"]),
    });
  });

  test("leaves one also where the guard was lifted, unless none is wanted", () => {
    const lifted = resource(serverWith({ deletionGuard: false }), "aws_db_instance");
    expect(lifted).toMatchObject({ deletion_protection: false, skip_final_snapshot: false });
  });

  test("goes without a trace where it is neither guarded nor wanted afterwards", () => {
    const loose = resource(serverWith({ deletionGuard: false, finalSnapshot: false }), "aws_db_instance");
    expect(loose).toMatchObject({
      deletion_protection: false,
      skip_final_snapshot: true,
      delete_automated_backups: true,
      lifecycle: { prevent_destroy: false },
    });
  });

  test("reports its machine's measures by a role of its own, or not at all", () => {
    expect(instance["monitoring_interval"]).toBe(0);
    expect(instance).not.toHaveProperty("monitoring_role_arn");
    const watched = serverWith({ monitoringSeconds: 60 });
    const role = resource(watched, "aws_iam_role");
    expect(role).toMatchObject({
      name: "lake-dev-ledger-monitoring",
      assume_role_policy: expect.stringContaining('"monitoring.rds.amazonaws.com"'),
    });
    const server = resource(watched, "aws_db_instance");
    expect(server).toMatchObject({
      monitoring_interval: 60,
      monitoring_role_arn: expect.stringContaining("aws_iam_role.server_monitoring-role"),
    });
    // RDS refuses a role that may not write yet
    expect(server["depends_on"]).toContainEqual(expect.stringContaining("aws_iam_role_policy."));
    for (const { Resource } of statementsOf(resource(watched, "aws_iam_role_policy")["policy"])) {
      expect(Resource).toEqual([
        expect.stringMatching(/^arn:aws:logs:us-east-1:123456789012:log-group:RDS\*/),
      ]);
    }
  });

  test.each([true, false])("has a standby in another zone: %s", (multiZone) => {
    expect(resource(serverWith({ multiZone }), "aws_db_instance")["multi_az"]).toBe(multiZone);
  });

  test("keeps a week of insights, or none", () => {
    expect(instance).toMatchObject({
      performance_insights_enabled: true,
      performance_insights_retention_period: 7,
    });
    const blind = resource(serverWith({ performanceInsights: false }), "aws_db_instance");
    expect(blind["performance_insights_enabled"]).toBe(false);
    expect(blind).not.toHaveProperty("performance_insights_kms_key_id");
  });
});
