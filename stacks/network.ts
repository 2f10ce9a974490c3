import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { Eip } from "@cdktf/provider-aws/lib/eip";
import { FlowLog } from "@cdktf/provider-aws/lib/flow-log";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { NatGateway } from "@cdktf/provider-aws/lib/nat-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { Construct } from "constructs";
import { EncryptionKey } from "../constructs/encryption-key";
import { ServiceRole } from "../constructs/service-role";
import { type Environment, resourceName } from "../environments";
import { LayerStack } from "./layer-stack";
import { subnetBlock } from "./subnet-block";

/** Index of the first public subnet's block: the first half of the VPC is for private ones. */
const PUBLIC_BLOCKS = 8;

/** VPC with private subnets, its ways out, and who may speak to whom. */
export class NetworkStack extends LayerStack {
  readonly vpc: Vpc;
  readonly privateSubnets: readonly Subnet[];
  /** Of what runs in the VPC: Glue jobs with a connection, and functions that speak to PostgreSQL. */
  readonly workloads: SecurityGroup;

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
    this.privateSubnets = this.subnets("private", 0);
    const routeTables = this.privateRouteTables();
    const gateways = this.gatewayEndpoints(routeTables);
    this.workloads = this.workloadGroup(gateways);
    this.interfaceEndpoints();
    if (environment.network.egress === "nat") this.natGateways(routeTables);
    if (environment.network.flowLogs) this.flowLogs();
  }

  private named(rest: string): string {
    return resourceName(this.environment, rest);
  }

  private subnets(kind: "private" | "public", firstBlock: number): Subnet[] {
    const { cidr, zones } = this.environment.network;
    return zones.map(
      (zone, index) =>
        new Subnet(this, `${kind}-${zone}`, {
          vpcId: this.vpc.id,
          availabilityZone: `${this.environment.region}${zone}`,
          cidrBlock: subnetBlock(cidr, firstBlock + index),
          mapPublicIpOnLaunch: false,
          tags: { Name: this.named(`${kind}-${zone}`) },
        }),
    );
  }

  private privateRouteTables(): RouteTable[] {
    return this.environment.network.zones.map((zone, index) => {
      const table = new RouteTable(this, `routes-${zone}`, {
        vpcId: this.vpc.id,
        tags: { Name: this.named(`private-${zone}`) },
      });
      this.associate(`routes-${zone}-association`, table, this.privateSubnets[index]);
      return table;
    });
  }

  private associate(id: string, table: RouteTable, subnet: Subnet | undefined): void {
    if (subnet === undefined) throw new Error(`${this.node.id}: no subnet for ${id}`);
    new RouteTableAssociation(this, id, { routeTableId: table.id, subnetId: subnet.id });
  }

  /** Free of charge, and the only way by which the bulk of the data goes. */
  private gatewayEndpoints(routeTables: readonly RouteTable[]): VpcEndpoint[] {
    return ["s3", "dynamodb"].map(
      (service) =>
        new VpcEndpoint(this, `endpoint-${service}`, {
          vpcId: this.vpc.id,
          vpcEndpointType: "Gateway",
          serviceName: `com.amazonaws.${this.environment.region}.${service}`,
          routeTableIds: routeTables.map((table) => table.id),
          tags: { Name: this.named(service) },
        }),
    );
  }

  private workloadGroup(gateways: readonly VpcEndpoint[]): SecurityGroup {
    const group = new SecurityGroup(this, "workloads", {
      name: this.named("workloads"),
      description: "Glue jobs and functions in the VPC",
      vpcId: this.vpc.id,
      tags: { Name: this.named("workloads") },
    });
    // Glue's workers speak to each other on any port
    const self = { securityGroupId: group.id, referencedSecurityGroupId: group.id, ipProtocol: "tcp" };
    const everyPort = { fromPort: 0, toPort: 65_535, description: "workers of one job to each other" };
    new VpcSecurityGroupIngressRule(this, "workloads-from-themselves", { ...self, ...everyPort });
    new VpcSecurityGroupEgressRule(this, "workloads-to-themselves", { ...self, ...everyPort });
    this.allowTls(group, "endpoints", "interface endpoints", { cidrIpv4: this.environment.network.cidr });
    this.allowWayOut(group, gateways);
    return group;
  }

  private allowWayOut(group: SecurityGroup, gateways: readonly VpcEndpoint[]): void {
    const { egress, securityGroupEgress } = this.environment.network;
    if (egress === "nat" || securityGroupEgress === "cidr") {
      this.allowTls(group, "anywhere", "AWS services, and with NAT the internet", { cidrIpv4: "0.0.0.0/0" });
      return;
    }
    for (const gateway of gateways) {
      this.allowTls(group, gateway.node.id, "gateway endpoint", { prefixListId: gateway.prefixListId });
    }
  }

  private allowTls(
    group: SecurityGroup,
    id: string,
    description: string,
    target: { readonly cidrIpv4: string } | { readonly prefixListId: string },
  ): void {
    new VpcSecurityGroupEgressRule(this, `workloads-to-${id}`, {
      securityGroupId: group.id,
      description,
      ipProtocol: "tcp",
      fromPort: 443,
      toPort: 443,
      ...target,
    });
  }

  private interfaceEndpoints(): void {
    const services = this.environment.network.interfaceEndpoints;
    if (services.length === 0) return;
    const group = this.endpointGroup();
    for (const service of services) {
      new VpcEndpoint(this, `endpoint-${service}`, {
        vpcId: this.vpc.id,
        vpcEndpointType: "Interface",
        serviceName: `com.amazonaws.${this.environment.region}.${service}`,
        privateDnsEnabled: true,
        subnetIds: this.privateSubnets.map((subnet) => subnet.id),
        securityGroupIds: [group.id],
        tags: { Name: this.named(service) },
      });
    }
  }

  private endpointGroup(): SecurityGroup {
    const group = new SecurityGroup(this, "endpoints", {
      name: this.named("endpoints"),
      description: "interface endpoints",
      vpcId: this.vpc.id,
      tags: { Name: this.named("endpoints") },
    });
    new VpcSecurityGroupIngressRule(this, "endpoints-from-workloads", {
      securityGroupId: group.id,
      referencedSecurityGroupId: this.workloads.id,
      description: "workloads",
      ipProtocol: "tcp",
      fromPort: 443,
      toPort: 443,
    });
    return group;
  }

  private natGateways(privateTables: readonly RouteTable[]): void {
    const gateway = new InternetGateway(this, "internet", {
      vpcId: this.vpc.id,
      tags: { Name: this.named("internet") },
    });
    const publicTable = new RouteTable(this, "routes-public", {
      vpcId: this.vpc.id,
      tags: { Name: this.named("public") },
    });
    const toInternet = { destinationCidrBlock: "0.0.0.0/0" };
    new Route(this, "public-to-internet", {
      routeTableId: publicTable.id,
      gatewayId: gateway.id,
      ...toInternet,
    });
    const { zones, natGateways } = this.environment.network;
    const publicSubnets = this.subnets("public", PUBLIC_BLOCKS);
    const nats = publicSubnets.slice(0, natGateways === "one" ? 1 : zones.length).map((subnet, index) => {
      return this.natGateway(zones[index] ?? "", subnet, gateway);
    });
    zones.forEach((zone, index) => {
      this.associate(`routes-public-${zone}-association`, publicTable, publicSubnets[index]);
      const table = privateTables[index];
      const nat = nats[index] ?? nats[0];
      if (table && nat) {
        new Route(this, `private-${zone}-to-internet`, {
          routeTableId: table.id,
          natGatewayId: nat.id,
          ...toInternet,
        });
      }
    });
  }

  private natGateway(zone: string, subnet: Subnet, gateway: InternetGateway): NatGateway {
    const tags = { Name: this.named(`nat-${zone}`) };
    const address = new Eip(this, `nat-address-${zone}`, { domain: "vpc", tags });
    return new NatGateway(this, `nat-${zone}`, {
      allocationId: address.id,
      subnetId: subnet.id,
      tags,
      dependsOn: [gateway],
    });
  }

  private flowLogs(): void {
    const { account, region, storage, deletionGuard } = this.environment;
    // a key of its own, so that the network waits for no other layer
    const key = new EncryptionKey(this, "flow-log-key", {
      aliasName: this.named("flow-logs"),
      description: `VPC flow logs of ${this.environment.project} ${this.environment.name}`,
      account,
      region,
      users: ["logs"],
      deletionWindowInDays: storage.keyDeletionDays,
      preventDestroy: deletionGuard,
    });
    const logGroup = new CloudwatchLogGroup(this, "flow-log-group", {
      name: `/tributary/${this.named("flow-logs")}`,
      retentionInDays: this.environment.logs.retentionDays,
      kmsKeyId: key.arn,
    });
    const role = new ServiceRole(this, "flow-log-role", {
      roleName: this.named("flow-logs"),
      description: "delivers VPC flow logs",
      service: "vpc-flow-logs.amazonaws.com",
      account,
      statements: [
        {
          sid: "DeliverFlowLogs",
          actions: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
          resources: [`${logGroup.arn}:*`],
        },
        {
          sid: "FindLogGroup",
          actions: ["logs:DescribeLogGroups"],
          resources: ["*"], // a listing: AWS accepts no single group here
        },
      ],
    });
    new FlowLog(this, "flow-log", {
      vpcId: this.vpc.id,
      trafficType: "ALL",
      logDestination: logGroup.arn,
      iamRoleArn: role.role.arn,
      maxAggregationInterval: 600,
      tags: { Name: this.named("flow-logs") },
    });
  }
}
