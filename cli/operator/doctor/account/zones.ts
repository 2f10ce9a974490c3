import {
  type AvailabilityZone,
  DescribeAvailabilityZonesCommand,
  DescribeVpcEndpointServicesCommand,
} from "@aws-sdk/client-ec2";
import { paginateDescribeOrderableDBInstanceOptions, type RDSClient } from "@aws-sdk/client-rds";
import { hasPipeline, interfaceEndpointsOf, POSTGRES_VERSION } from "../../../../environments/schema";
import { type Check, type Finding, failure, ok, otherwiseOk, warning } from "../check";
import type { Examination } from "../examination";
import { hasOwnServer, isOfPlatform, NO_OWN_SERVER } from "./postgres-version";

/** Zone of the settings as this account has it. */
interface Zone {
  /** As the settings name it. */
  readonly setting: string;
  /** Name in this account, such as `us-east-1a`. */
  readonly name: string;
  /** Id, which is the same in all accounts, such as `use1-az4`. */
  readonly id: string;
}

const NETWORK_ZONES = { wayOut: "choose other zones in network.zones" };

/**
 * Zones that Lambda does not serve in a VPC, so that it refuses a function with a subnet there.
 *
 * @see https://github.com/keboola/developer-portal/issues/81 (2026-11-30)
 */
const WITHOUT_LAMBDA: readonly string[] = ["use1-az3"];

/** Looks up each zone of the settings, by its letter or its id. */
export const zonesCheck: Check = {
  group: "account",
  name: "zones",
  actions: ["ec2:DescribeAvailabilityZones"],
  look: async (examination) => {
    const zones = await zonesOf(examination);
    const { environment } = examination;
    const { region, network } = environment;
    // the ledger's functions alone are in the VPC
    const refused = hasPipeline(environment, "ledger") ? WITHOUT_LAMBDA : [];
    const unknown = network.zones.filter((setting) => !zones.some((zone) => zone.setting === setting));
    const findings: Finding[] = [
      ...unknown.map((setting) =>
        failure(`${region} has no available zone ${setting} for this account`, NETWORK_ZONES),
      ),
      ...zones
        .filter(({ id }) => refused.includes(id))
        .map(({ setting, id }) =>
          failure(`zone ${setting} is ${id}, where Lambda has no VPC`, NETWORK_ZONES),
        ),
    ];
    return otherwiseOk(findings, zones.map(({ name, id }) => `${name} is ${id}`).join(", "));
  },
};

/** Looks up whether each interface endpoint can have its interface in each zone. */
export const endpointsCheck: Check = {
  group: "account",
  name: "interface endpoints",
  actions: ["ec2:DescribeAvailabilityZones", "ec2:DescribeVpcEndpointServices"],
  look: async (examination) => {
    const { aws, environment } = examination;
    const names = interfaceEndpointsOf(environment).map(
      (service) => `com.amazonaws.${environment.region}.${service}`,
    );
    if (names.length === 0) return [ok("none in the settings")];
    const [zones, { ServiceDetails = [] }] = await Promise.all([
      zonesOf(examination),
      aws.ec2.send(
        new DescribeVpcEndpointServicesCommand({
          Filters: [
            { Name: "service-name", Values: names },
            { Name: "service-type", Values: ["Interface"] },
          ],
        }),
      ),
    ]);
    const findings = names.flatMap((name) => {
      const service = ServiceDetails.find(({ ServiceName }) => ServiceName === name);
      if (service === undefined) {
        const wayOut = "leave it out of network.interfaceEndpoints, with network.egress: nat";
        return [failure(`${environment.region} has no interface endpoint ${name}`, { wayOut })];
      }
      const lacking = zones.filter((zone) => !service.AvailabilityZones?.includes(zone.name));
      return lacking.length === 0
        ? []
        : [
            failure(
              `${name} is not in ${lacking.map(({ name, id }) => `${name} (${id})`).join(", ")}`,
              NETWORK_ZONES,
            ),
          ];
    });
    return otherwiseOk(findings, `${names.length} in ${zones.length} zones`);
  },
};

/** Looks up whether RDS has the server's class, in each zone that it may be moved to. */
export const instanceClassCheck: Check = {
  group: "account",
  name: "instance class of PostgreSQL",
  actions: ["ec2:DescribeAvailabilityZones", "rds:DescribeOrderableDBInstanceOptions"],
  look: async (examination) => {
    const { aws, environment } = examination;
    const { instanceClass, multiZone } = environment.ledger.postgres;
    if (!hasOwnServer(environment)) return [NO_OWN_SERVER];
    const [zones, named] = await Promise.all([zonesOf(examination), zonesWithClass(aws.rds, instanceClass)]);
    const served = zones.filter(({ name }) => named.has(name));
    const needed = multiZone ? 2 : 1;
    const what = `${instanceClass} with PostgreSQL ${POSTGRES_VERSION}`;
    const wayOut = "choose other zones in network.zones, or another ledger.postgres.instanceClass";
    if (served.length < needed) {
      const found = served.map(({ name }) => name).join(", ") || "no zone";
      return [failure(`RDS has ${what} in ${found}, and needs ${needed} of network.zones`, { wayOut })];
    }
    if (served.length < zones.length) {
      const lacking = zones.filter((zone) => !served.includes(zone)).map(({ name }) => name);
      return [warning(`RDS has ${what} not in ${lacking.join(", ")}: no standby can be there`, { wayOut })];
    }
    return [ok(`${what} in ${served.map(({ name }) => name).join(", ")}`)];
  },
};

/** Names of the zones in which RDS has the class with the platform's version of PostgreSQL. */
async function zonesWithClass(client: RDSClient, instanceClass: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const { OrderableDBInstanceOptions: offers = [] } of paginateDescribeOrderableDBInstanceOptions(
    { client },
    { Engine: "postgres", DBInstanceClass: instanceClass, Vpc: true },
  )) {
    for (const { EngineVersion, AvailabilityZones = [] } of offers) {
      if (isOfPlatform(EngineVersion)) for (const { Name = "" } of AvailabilityZones) names.add(Name);
    }
  }
  return names;
}

/** The settings' zones that are available; one that is unknown is left out. */
async function zonesOf({ aws, environment }: Examination): Promise<Zone[]> {
  const { AvailabilityZones: all = [] } = await aws.ec2.send(new DescribeAvailabilityZonesCommand({}));
  const { region, network } = environment;
  return network.zones.flatMap((setting) => {
    const isIt = ({ ZoneName, ZoneId, State }: AvailabilityZone) =>
      State === "available" && (ZoneId === setting || ZoneName === `${region}${setting}`);
    return all.filter(isIt).map(({ ZoneName: name = "", ZoneId: id = "" }) => ({ setting, name, id }));
  });
}
