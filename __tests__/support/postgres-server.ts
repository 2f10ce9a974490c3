import { PostgresServer } from "../../constructs/postgres-server";
import { synthesizeConstruct } from "./synthesize";

const account = "123456789012";
const region = "us-east-1";

const stack = synthesizeConstruct((scope) => {
  new PostgresServer(scope, "server", {
    identifier: "lake-prod-ledger",
    version: "18",
    instanceClass: "db.t4g.medium",
    storageGigabytes: 100,
    maximumStorageGigabytes: 500,
    multiZone: true,
    backupDays: 14,
    performanceInsights: true,
    port: 5432,
    databaseName: "tributary",
    keyArn: `arn:aws:kms:${region}:${account}:key/1`,
    logKeyArn: `arn:aws:kms:${region}:${account}:key/2`,
    vpcId: "vpc-1",
    subnetIds: ["subnet-1", "subnet-2"],
    clientsGroupId: "sg-workloads",
    logRetentionDays: 30,
    monitoringSeconds: 0,
    // of a guarded environment, whose guard was lifted so that it can be destroyed
    deletionGuard: false,
    finalSnapshot: true,
    account,
    region,
  });
});

/** The ledger's server as prod has it, in a stack of its own. */
export const PRODUCTION_SERVER = { account, region, stack };
