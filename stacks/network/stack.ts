import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { Construct } from "constructs";
import { FlowLogs } from "../../constructs/flow-logs";
import { NatEgress, type ZonePlace } from "../../constructs/nat-egress";
import { type PolicyStatement, policyDocument } from "../../constructs/policy";
import {
  type Environment,
  interfaceEndpointsOf,
  resourceName,
  usesPrivateSubnets,
} from "../../environments/schema";
import { LayerStack } from "../layer-stack";
import { subnetBlock } from "./subnet-block";

/** Index of the first public subnet's block: the first half of the VPC is for private ones. */
const PUBLIC_BLOCKS = 8;

/** Private part of the VPC in one availability zone. */
export interface PrivateZone {
  /** Letter or id of the zone, as in the environment's settings. */
  readonly zone: string;
  readonly availabilityZone: string;
  readonly subnet: Subnet;
  readonly routes: RouteTable;
}

const TLS = { ipProtocol: "tcp", fromPort: 443, toPort: 443 };

/**
 * VPC with private subnets, endpoints, egress and security groups. Where nothing runs in the subnets, it has nothing
 * that costs; what is free stays, for functions that are gone hold their network interfaces there for a while.
 */
export class NetworkStack extends LayerStack {
  readonly vpc: Vpc;
  /**
   * Security group of all workloads in the VPC: Glue jobs with a connection, and functions that connect to
   * PostgreSQL.
   */
  readonly workloads: SecurityGroup;
  readonly zones: readonly PrivateZone[];

  constructor(scope: Construct, environment: Environment) {
    super(scope, environment, "network");
    this.vpc = new Vpc(this, "vpc", {
      cidrBlock: environment.network.cidr,
      enableDnsSupport: true,
      enableDnsHostnames: true,
      tags: { Name: this.named("vpc") },
    });
    // whatever forgets to name a security group gets one that lets nothing through
    new DefaultSecurityGroup(this, "default-security-group", { vpcId: this.vpc.id });
    this.zones = environment.network.zones.map((zone, index) => this.privateZone(zone, index));
    this.workloads = this.workloadGroup(this.gatewayEndpoints());
    const services = interfaceEndpointsOf(environment);
    if (services.length > 0) this.interfaceEndpoints(services);
    if (!usesPrivateSubnets(environment)) return;
    if (environment.network.egress === "nat") this.natEgress();
    if (environment.network.flowLogs) this.flowLogs();
  }

  /** Private subnets, one a zone. */
  get privateSubnets(): Subnet[] {
    return this.zones.map((zone) => zone.subnet);
  }

  private named(rest: string): string {
    return resourceName(this.environment, rest);
  }

  private privateZone(zone: string, index: number): PrivateZone {
    const tags = { Name: this.named(`private-${zone}`) };
    const place = zonePlace(zone, this.environment.region);
    const subnet = new Subnet(this, `private-${zone}`, {
      vpcId: this.vpc.id,
      ...place,
      cidrBlock: subnetBlock(this.environment.network.cidr, index),
      mapPublicIpOnLaunch: false,
      tags,
    });
    const routes = new RouteTable(this, `routes-${zone}`, { vpcId: this.vpc.id, tags });
    new RouteTableAssociation(this, `routes-${zone}-association`, {
      routeTableId: routes.id,
      subnetId: subnet.id,
    });
    // of a zone that is named by its id, the account's own letter is known when the subnet stands there
    const { availabilityZone } = "availabilityZone" in place ? place : subnet;
    return { zone, availabilityZone, subnet, routes };
  }

  /**
   * Gateway endpoints: free of charge, and the only route of the bulk of the data.
   *
   * @see https://docs.aws.amazon.com/prescriptive-guidance/latest/aws-startup-security-baseline/wkld-12.html (2026-11-29)
   */
  private gatewayEndpoints(): VpcEndpoint[] {
    const { account, region } = this.environment;
    const policies = {
      s3: policyDocument([withinAccount(account), readGlueAssets(account, region)]),
      dynamodb: policyDocument([withinAccount(account)]),
    };
    return Object.entries(policies).map(
      ([service, policy]) =>
        new VpcEndpoint(this, `endpoint-${service}`, {
          vpcId: this.vpc.id,
          vpcEndpointType: "Gateway",
          serviceName: `com.amazonaws.${region}.${service}`,
          routeTableIds: this.zones.map((zone) => zone.routes.id),
          policy,
          tags: { Name: this.named(service) },
        }),
    );
  }

  private workloadGroup(gateways: readonly VpcEndpoint[]): SecurityGroup {
    const group = this.securityGroup("workloads", "Glue jobs and functions in the VPC");
    const self = {
      securityGroupId: group.id,
      referencedSecurityGroupId: group.id,
      ipProtocol: "tcp",
      // Glue's workers choose their ports themselves
      fromPort: 0,
      toPort: 65_535,
      description: "workers of one job to each other",
    };
    new VpcSecurityGroupIngressRule(this, "workloads-from-themselves", self);
    new VpcSecurityGroupEgressRule(this, "workloads-to-themselves", self);
    const { cidr, egress, securityGroupEgress } = this.environment.network;
    this.allowTls(group, "endpoints", "interface endpoints", { cidrIpv4: cidr });
    if (egress === "nat" || securityGroupEgress === "cidr") {
      this.allowTls(group, "anywhere", "AWS services, and with NAT the internet", { cidrIpv4: "0.0.0.0/0" });
      return group;
    }
    for (const gateway of gateways) {
      this.allowTls(group, gateway.node.id, "gateway endpoint", { prefixListId: gateway.prefixListId });
    }
    return group;
  }

  private securityGroup(name: string, description: string): SecurityGroup {
    const tags = { Name: this.named(name) };
    return new SecurityGroup(this, name, { name: this.named(name), description, vpcId: this.vpc.id, tags });
  }

  private allowTls(
    group: SecurityGroup,
    id: string,
    description: string,
    target: { readonly cidrIpv4: string } | { readonly prefixListId: string },
  ): void {
    new VpcSecurityGroupEgressRule(this, `workloads-to-${id}`, {
      ...TLS,
      ...target,
      securityGroupId: group.id,
      description,
    });
  }

  private interfaceEndpoints(services: readonly string[]): void {
    const group = this.securityGroup("endpoints", "interface endpoints");
    new VpcSecurityGroupIngressRule(this, "endpoints-from-workloads", {
      ...TLS,
      securityGroupId: group.id,
      referencedSecurityGroupId: this.workloads.id,
      description: "workloads",
    });
    for (const service of services) {
      new VpcEndpoint(this, `endpoint-${service}`, {
        vpcId: this.vpc.id,
        vpcEndpointType: "Interface",
        serviceName: `com.amazonaws.${this.environment.region}.${service}`,
        privateDnsEnabled: true,
        policy: policyDocument([withinAccount(this.environment.account)]),
        subnetIds: this.privateSubnets.map((subnet) => subnet.id),
        securityGroupIds: [group.id],
        tags: { Name: this.named(service) },
      });
    }
  }

  private natEgress(): void {
    const { cidr, natGateways } = this.environment.network;
    new NatEgress(this, "nat", {
      vpc: this.vpc,
      zones: this.zones.map(({ zone, routes }, index) => ({
        place: zonePlace(zone, this.environment.region),
        publicBlock: subnetBlock(cidr, PUBLIC_BLOCKS + index),
        privateRoutes: routes,
      })),
      gatewayInEachZone: natGateways === "each-zone",
      namePrefix: `${this.environment.project}-${this.environment.name}`,
    });
  }

  private flowLogs(): void {
    const { account, region, logs, storage, deletionGuard } = this.environment;
    new FlowLogs(this, "flow-logs", {
      vpc: this.vpc,
      name: this.named("flow-logs"),
      account,
      region,
      retentionInDays: logs.retentionDays,
      keyDeletionWindowInDays: storage.keyDeletionDays,
      preventDestroy: deletionGuard,
    });
  }
}

/** Place of a subnet by the zone's letter or id. */
function zonePlace(zone: string, region: string): ZonePlace {
  return zone.length === 1 ? { availabilityZone: `${region}${zone}` } : { availabilityZoneId: zone };
}

/**
 * Statement of every endpoint's policy: by way of the VPC this account's principals reach this account's resources.
 * Whose credentials get into a job can so neither bring them here from elsewhere nor send data there.
 *
 * @see https://github.com/aws-samples/data-perimeter-policy-examples/blob/main/vpc_endpoint_policies/README.md (2026-11-30)
 */
function withinAccount(account: string): PolicyStatement {
  return {
    sid: "WithinAccount",
    principal: "*",
    actions: ["*"],
    resources: ["*"], // of the endpoint's service
    condition: { StringEquals: { "aws:PrincipalAccount": account, "aws:ResourceAccount": account } },
  };
}

/**
 * Statement for the one bucket of AWS's own that a job may load from: libraries of Glue's runtime. It is read, never
 * written. AWS lists no other of Glue's but that of the Studio's transforms, which these jobs have none of.
 *
 * @see https://github.com/aws-samples/data-perimeter-policy-examples/blob/main/service_owned_resources.md (2026-11-30)
 */
function readGlueAssets(account: string, region: string): PolicyStatement {
  return {
    sid: "ReadGlueAssets",
    principal: "*",
    actions: ["s3:GetObject"],
    resources: [`arn:aws:s3:::aws-glue-jes-prod-${region}-assets/*`],
    condition: { StringEquals: { "aws:PrincipalAccount": account } },
  };
}
