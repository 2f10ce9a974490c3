import { type DBEngineVersion, paginateDescribeDBEngineVersions } from "@aws-sdk/client-rds";
import { type Environment, hasPipeline, POSTGRES_VERSION } from "../../../../environments/schema";
import { type Check, failure, ok, warning } from "../check";

/** Finding where RDS makes no server for the environment. */
export const NO_OWN_SERVER = ok("no server is RDS's to make");

export const postgresVersionCheck: Check = {
  group: "account",
  name: "version of PostgreSQL",
  actions: ["rds:DescribeDBEngineVersions"],
  look: async ({ aws, environment }) => {
    if (!hasOwnServer(environment)) return [NO_OWN_SERVER];
    const versions: DBEngineVersion[] = [];
    for await (const { DBEngineVersions = [] } of paginateDescribeDBEngineVersions(
      { client: aws.rds },
      { Engine: "postgres" },
    )) {
      versions.push(...DBEngineVersions.filter(({ EngineVersion }) => isOfPlatform(EngineVersion)));
    }
    if (versions.length === 0) {
      const wayOut = "choose another region, or an existing server (ledger.postgres.server)";
      return [failure(`RDS of ${environment.region} has no PostgreSQL ${POSTGRES_VERSION}`, { wayOut })];
    }
    const names = versions.map(({ EngineVersion }) => EngineVersion).join(", ");
    if (versions.some(({ Status = "available" }) => Status === "available")) return [ok(names)];
    const wayOut = "update the platform: a newer one has a newer version";
    return [warning(`RDS calls all of PostgreSQL ${POSTGRES_VERSION} deprecated (${names})`, { wayOut })];
  },
};

/** Whether a version of RDS, such as `18.1`, is a minor one of the platform's. */
export function isOfPlatform(version = ""): boolean {
  return version.split(".")[0] === POSTGRES_VERSION;
}

/** Whether the environment has a PostgreSQL server that RDS makes. */
export function hasOwnServer(environment: Environment): boolean {
  return hasPipeline(environment, "ledger") && environment.ledger.postgres.server === "managed";
}
