import { describe, expect, test } from "@jest/globals";
import {
  alertSource,
  alertTopicName,
  applyRoleName,
  boundaryName,
  bucketName,
  controlTableName,
  databaseName,
  deadLetterQueueName,
  functionName,
  GITHUB_ISSUER,
  guardName,
  LAYERS,
  loadEnvironments,
  manifestsJobName,
  metricNamespace,
  metricsTableName,
  type Named,
  oidcProviderArn,
  planRoleName,
  queueName,
  resourceName,
  stackName,
  stateBucketName,
  stateKey,
  trackingTableName,
  uploadsJobName,
  uploadsTableName,
  workgroupName,
} from "../../environments/schema";

const dev: Named = { project: "acme-lake", name: "dev", account: "123456789012", region: "eu-west-1" };

const NAMES: [string, string, string][] = [
  ["stack", stackName(dev, "compute"), "dev-compute"],
  ["state bucket", stateBucketName(dev), "acme-lake-state-123456789012-eu-west-1"],
  ["state key", stateKey(dev, "ledger"), "acme-lake/dev/ledger.tfstate"],
  ["bucket", bucketName(dev, "access-logs"), "acme-lake-dev-access-logs-123456789012"],
  ["uploads table", uploadsTableName(dev), "acme-lake-dev-uploads"],
  ["tracking table", trackingTableName(dev), "acme-lake-dev-file-tracking"],
  ["metrics table", metricsTableName(dev), "acme-lake-dev-metrics"],
  ["control table", controlTableName(dev), "acme-lake-dev-control"],
  ["queue", queueName(dev, "manifests-inputs"), "acme-lake-dev-manifests-inputs"],
  [
    "dead-letter queue",
    deadLetterQueueName(dev, "manifests-ready"),
    "acme-lake-dev-manifests-ready-dead-letters",
  ],
  ["streaming job", manifestsJobName(dev), "acme-lake-dev-manifests-stream"],
  ["function", functionName(dev, "uploads-trigger"), "acme-lake-dev-uploads-trigger"],
  ["job", uploadsJobName(dev), "acme-lake-dev-uploads-job"],
  ["database", databaseName(dev), "acme_lake_dev"],
  ["workgroup", workgroupName(dev), "acme-lake-dev"],
  ["alert topic", alertTopicName(dev), "acme-lake-dev-alerts"],
  ["metric namespace", metricNamespace(dev), "acme-lake"],
  ["alert source", alertSource(dev), "acme-lake.dev"],
  ["role that plans", planRoleName(dev), "acme-lake-dev.plan"],
  ["role that deploys", applyRoleName(dev), "acme-lake-dev.apply"],
  ["boundary of all roles", boundaryName(dev), "acme-lake-dev.boundary"],
  ["boundary of who deploys", guardName(dev), "acme-lake-dev.guard"],
  [
    "provider of tokens",
    oidcProviderArn(dev, GITHUB_ISSUER),
    "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
  ],
];

describe("names", () => {
  test.each(NAMES)("derives the %s", (_, name, expected) => {
    expect(name).toBe(expected);
  });

  test("tell what bootstrap makes for CI from what the environment has", () => {
    for (const name of [planRoleName(dev), applyRoleName(dev), boundaryName(dev), guardName(dev)]) {
      expect(name.startsWith(resourceName(dev, ""))).toBe(false);
    }
  });

  test("name a deployer wherever deployers are named", () => {
    for (const environment of loadEnvironments().filter(({ deployers }) => deployers.length > 0)) {
      expect(environment.deployers).toContain(applyRoleName(environment));
    }
  });

  test("fit into S3's 63 characters for the longest project and environment", () => {
    const longest = { ...dev, project: "a".repeat(16), name: "b".repeat(12), region: "ap-southeast-1" };
    expect(bucketName(longest, "access-logs").length).toBeLessThanOrEqual(63);
    expect(stateBucketName(longest).length).toBeLessThanOrEqual(63);
  });

  test("give every layer of every environment a state of its own", () => {
    const keys = loadEnvironments().flatMap((each) => LAYERS.map((layer) => stateKey(each, layer)));
    expect(new Set(keys).size).toBe(4 * LAYERS.length);
  });
});
