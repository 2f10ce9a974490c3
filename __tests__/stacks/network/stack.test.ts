import { describe, expect, test } from "@jest/globals";
import { loadEnvironment } from "../../../environments/schema";
import { subnetBlock } from "../../../stacks/network/subnet-block";
import { resource, resourcesOf, statement, statementsOf } from "../../support/resources";
import { stacksOf } from "../../support/stacks";
import { synthesize } from "../../support/synthesize";

const stacks = stacksOf("local", "dev", "prod");
const [local, dev, prod] = ["local", "dev", "prod"].map((name) => stacks.get(`${name}-network`));

function services(type: string, stack = prod): unknown[] {
  return resourcesOf(stack, "aws_vpc_endpoint")
    .filter(([, endpoint]) => endpoint["vpc_endpoint_type"] === type)
    .map(([, endpoint]) => String(endpoint["service_name"]).split(".").at(-1));
}

describe("the blocks of subnets", () => {
  test.each([
    ["10.20.0.0/16", 0, "10.20.0.0/20"],
    ["10.20.0.0/16", 15, "10.20.240.0/20"],
    ["192.168.4.0/24", 3, "192.168.4.48/28"],
    ["10.20.30.40/16", 1, "10.20.16.0/20"],
    ["223.255.252.0/22", 9, "223.255.254.64/26"],
  ])("cuts %s, part %i", (block, index, expected) => {
    expect(subnetBlock(block, index)).toBe(expected);
  });
});

describe("the network", () => {
  test("spreads private subnets over the zones", () => {
    expect(
      resourcesOf(prod, "aws_subnet").map(([, { availability_zone, cidr_block }]) => [
        availability_zone,
        cidr_block,
      ]),
    ).toEqual([
      ["us-east-1a", "10.40.0.0/20"],
      ["us-east-1b", "10.40.16.0/20"],
      ["us-east-1c", "10.40.32.0/20"],
    ]);
    expect(resourcesOf(prod, "aws_internet_gateway")).toEqual([]);
  });

  test("reaches S3 and DynamoDB by gateway endpoints from every private subnet", () => {
    expect(services("Gateway")).toEqual(["dynamodb", "s3"]);
    for (const [, endpoint] of resourcesOf(prod, "aws_vpc_endpoint")) {
      if (endpoint["vpc_endpoint_type"] === "Gateway") expect(endpoint["route_table_ids"]).toHaveLength(3);
    }
  });

  test("reaches the other services by interface endpoints where there is no NAT", () => {
    expect(services("Interface").sort()).toEqual(
      ["secretsmanager", "kms", "sts", "logs", "monitoring", "events", "sqs", "glue"].sort(),
    );
    expect(services("Interface", dev)).toEqual([]);
  });

  test("pays for no endpoint of queues where the streaming job, which alone calls them, is not in the VPC", () => {
    const environment = loadEnvironment("prod");
    const open = { ...environment, network: { ...environment.network, privateJobs: false } };
    const network = synthesize([open]).get("prod-network");
    expect(services("Interface", network).sort()).toEqual(
      ["secretsmanager", "kms", "sts", "logs", "monitoring", "events", "glue"].sort(),
    );
  });

  test("lets principals of this account reach its resources by the endpoints, and nobody else anything", () => {
    const within = {
      Sid: "WithinAccount",
      Effect: "Allow",
      Principal: "*",
      Action: ["*"],
      Resource: ["*"],
      Condition: {
        StringEquals: { "aws:PrincipalAccount": "333333333333", "aws:ResourceAccount": "333333333333" },
      },
    };
    const endpoints = resourcesOf(prod, "aws_vpc_endpoint");
    expect(endpoints).toHaveLength(10);
    for (const [id, { policy }] of endpoints) {
      const [first, ...others] = statementsOf(policy);
      expect(first).toEqual(within);
      expect([id, others.map(({ Action }) => Action)]).toEqual([
        id,
        id === "endpoint-s3" ? [["s3:GetObject"]] : [],
      ]);
    }
    expect(
      statement(resource(prod, "aws_vpc_endpoint", "endpoint-s3")["policy"], "ReadGlueAssets"),
    ).toMatchObject({
      Resource: ["arn:aws:s3:::aws-glue-jes-prod-us-east-1-assets/*"],
      Condition: { StringEquals: { "aws:PrincipalAccount": "333333333333" } },
    });
  });

  test("goes out through one NAT gateway for all zones in dev", () => {
    expect(resourcesOf(dev, "aws_nat_gateway")).toHaveLength(1);
    const routes = resourcesOf(dev, "aws_route").filter(([, route]) => route["nat_gateway_id"]);
    expect(routes).toHaveLength(2);
  });

  test("gives each zone a NAT gateway of its own where the environment says so", () => {
    const redundant = { ...loadEnvironment("dev"), name: "wide" };
    redundant.network = { ...redundant.network, natGateways: "each-zone" };
    const stack = synthesize([redundant]).get("wide-network");
    const gateways = resourcesOf(stack, "aws_route").map(([, route]) => route["nat_gateway_id"]);
    expect(new Set(gateways.filter((each) => each !== undefined)).size).toBe(2);
  });

  test("stands in the zones that ids name, whatever letters the account gives them", () => {
    const dev = loadEnvironment("dev");
    const named = { ...dev, name: "ids", network: { ...dev.network, zones: ["use1-az1", "use1-az4"] } };
    const stacks = synthesize([named]);
    const [network, compute] = [stacks.get("ids-network"), stacks.get("ids-compute")];
    const subnets = resourcesOf(network, "aws_subnet").map(([, subnet]) => subnet);
    expect(subnets.map((subnet) => subnet["availability_zone_id"]).sort()).toEqual([
      "use1-az1",
      "use1-az1",
      "use1-az4",
      "use1-az4",
    ]);
    for (const subnet of subnets) expect(subnet).not.toHaveProperty("availability_zone");
    const connections = resourcesOf(compute, "aws_glue_connection").map(([, connection]) => connection);
    expect(connections.map(({ name }) => name)).toEqual([
      "tributary-ids-private-use1-az1",
      "tributary-ids-private-use1-az4",
    ]);
    for (const connection of connections) {
      expect(connection).toMatchObject({
        description: expect.stringMatching(/^the private subnet of use1-az[14]$/),
        physical_connection_requirements: {
          availability_zone: expect.stringMatching(/remote_state.*private-use1-az[14]availability_zone\}$/),
        },
      });
    }
  });

  test("lets workloads speak to themselves, and out by TLS to prefix lists only", () => {
    const rules = resourcesOf(prod, "aws_vpc_security_group_egress_rule").map(([, rule]) => rule);
    expect(rules.filter((rule) => rule["cidr_ipv4"] === "0.0.0.0/0")).toEqual([]);
    expect(rules.filter((rule) => rule["prefix_list_id"])).toHaveLength(2);
    expect(resource(prod, "aws_vpc_security_group_ingress_rule", "workloads")).toMatchObject({
      security_group_id: expect.stringContaining("workloads"),
      referenced_security_group_id: expect.stringContaining("workloads"),
    });
  });

  test("leaves nothing in the default security group", () => {
    const group = resource(prod, "aws_default_security_group");
    expect(group["ingress"] ?? group["egress"]).toBeUndefined();
  });

  test("records connections under a key that Logs may use", () => {
    expect(resource(prod, "aws_flow_log")).toMatchObject({ traffic_type: "ALL" });
    expect(String(resource(prod, "aws_kms_key")["policy"])).toContain("logs.us-east-1.amazonaws.com");
  });

  test("leaves out locally what the emulator lacks, by data", () => {
    expect(resourcesOf(local, "aws_flow_log")).toEqual([]);
    expect(services("Interface", local)).toEqual([]);
    const egress = resourcesOf(local, "aws_vpc_security_group_egress_rule").map(
      ([, rule]) => rule["prefix_list_id"],
    );
    expect(egress.filter((each) => each !== undefined)).toEqual([]);
  });
});
