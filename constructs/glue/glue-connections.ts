import { GlueConnection } from "@cdktf/provider-aws/lib/glue-connection";
import type { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Construct } from "constructs";
import type { PolicyStatement } from "../policy";

/** Private part of a VPC in one availability zone. */
export interface ConnectedZone {
  /** Letter or id of the zone, the connection's id. */
  readonly zone: string;
  readonly connectionName: string;
  readonly availabilityZone: string;
  readonly subnet: Subnet;
}

export interface GlueConnectionsProps {
  readonly zones: readonly ConnectedZone[];
  /**
   * Security group; it must let its members reach each other on all ports: Glue's workers do.
   *
   * @see https://docs.aws.amazon.com/glue/latest/dg/start-development-endpoint.html (2026-11-29)
   */
  readonly securityGroup: SecurityGroup;
  readonly account: string;
  readonly region: string;
}

const GLUE_TAG = "aws-glue-service-resource";

/** Network connections of jobs, one a zone: a run's workers are in the subnet of one of them. */
export class GlueConnections extends Construct {
  /** Names, read from the resources: no job is started before they exist. */
  readonly names: readonly string[];
  /** Statements of a job with the connections. */
  readonly statements: readonly PolicyStatement[];

  constructor(scope: Construct, id: string, props: GlueConnectionsProps) {
    super(scope, id);
    this.names = props.zones.map((zone) => this.connection(zone, props).name);
    this.statements = useConnections(props);
  }

  private connection(
    { zone, connectionName, availabilityZone, subnet }: ConnectedZone,
    { securityGroup }: GlueConnectionsProps,
  ): GlueConnection {
    return new GlueConnection(this, zone, {
      name: connectionName,
      description: `the private subnet of ${zone.length === 1 ? availabilityZone : zone}`,
      connectionType: "NETWORK",
      physicalConnectionRequirements: {
        availabilityZone,
        subnetId: subnet.id,
        securityGroupIdList: [securityGroup.id],
      },
    });
  }
}

/**
 * Statements by which Glue reads the connections and makes its workers' network interfaces: with the job's role, but
 * by calls of its own. The job's code makes none: its credentials carry a key that those of Glue do not.
 *
 * @see https://docs.aws.amazon.com/glue/latest/dg/security_iam_id-based-policy-examples.html (2026-11-30)
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_ec2.html (2026-11-30)
 */
function useConnections({ account, region, zones, securityGroup }: GlueConnectionsProps): PolicyStatement[] {
  const catalog = `arn:aws:glue:${region}:${account}`;
  const interfaces = `arn:aws:ec2:${region}:${account}:network-interface/*`;
  const subnets = zones.map(({ subnet }) => subnet.arn);
  const inOwnSubnets = { ArnEquals: { "ec2:Subnet": subnets } };
  return [
    {
      sid: "ReadConnections",
      actions: ["glue:GetConnection"],
      resources: [
        `${catalog}:catalog`,
        ...zones.map(({ connectionName }) => `${catalog}:connection/${connectionName}`),
      ],
    },
    {
      sid: "FindNetwork",
      actions: [
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcEndpoints",
      ],
      resources: ["*"], // listings: AWS accepts no single resource here
    },
    {
      sid: "MakeNetworkInterfaces",
      actions: ["ec2:CreateNetworkInterface"],
      resources: [interfaces, ...subnets, securityGroup.arn],
    },
    {
      sid: "TagNetworkInterfaces",
      actions: ["ec2:CreateTags", "ec2:DeleteTags"],
      resources: [interfaces],
      condition: { ...inOwnSubnets, "ForAllValues:StringEquals": { "aws:TagKeys": [GLUE_TAG] } },
    },
    {
      sid: "RemoveNetworkInterfaces",
      actions: ["ec2:DeleteNetworkInterface"],
      resources: [interfaces],
      condition: inOwnSubnets,
    },
    {
      sid: "DenyInterfacesToCode",
      effect: "Deny",
      actions: [
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:CreateTags",
        "ec2:DeleteTags",
      ],
      resources: ["*"], // whatever it would be tried on
      condition: { StringEquals: { "glue:CredentialIssuingService": "glue.amazonaws.com" } },
    },
  ];
}
