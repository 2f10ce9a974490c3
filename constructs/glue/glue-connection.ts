import { GlueConnection as AwsGlueConnection } from "@cdktf/provider-aws/lib/glue-connection";
import { Construct } from "constructs";
import type { PolicyStatement } from "../policy";

export interface GlueConnectionProps {
  readonly connectionName: string;
  readonly description: string;
  readonly availabilityZone: string;
  readonly subnetId: string;
  /**
   * Security group; it must let its members reach each other on all ports: Glue's workers do.
   *
   * @see https://docs.aws.amazon.com/glue/latest/dg/start-development-endpoint.html (2026-11-29)
   */
  readonly securityGroupId: string;
}

/** Network connection of a job: the subnet in a VPC in which its workers run. */
export class GlueConnection extends Construct {
  readonly connection: AwsGlueConnection;

  constructor(scope: Construct, id: string, props: GlueConnectionProps) {
    super(scope, id);
    this.connection = new AwsGlueConnection(this, "connection", {
      name: props.connectionName,
      description: props.description,
      connectionType: "NETWORK",
      physicalConnectionRequirements: {
        availabilityZone: props.availabilityZone,
        subnetId: props.subnetId,
        securityGroupIdList: [props.securityGroupId],
      },
    });
  }
}

export interface ConnectedJob {
  readonly account: string;
  readonly region: string;
  readonly connectionNames: readonly string[];
  readonly subnetArns: readonly string[];
  readonly securityGroupArn: string;
}

/**
 * Statements for a job with connections: with the job's role Glue reads them, and creates its workers'
 * network interfaces.
 */
export function useConnections({ account, region, ...props }: ConnectedJob): PolicyStatement[] {
  const catalog = `arn:aws:glue:${region}:${account}`;
  const ec2 = `arn:aws:ec2:${region}:${account}`;
  return [
    {
      sid: "ReadConnections",
      actions: ["glue:GetConnection"],
      resources: [
        `${catalog}:catalog`,
        ...props.connectionNames.map((name) => `${catalog}:connection/${name}`),
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
      resources: [`${ec2}:network-interface/*`, ...props.subnetArns, props.securityGroupArn],
    },
    {
      sid: "TagNetworkInterfaces",
      actions: ["ec2:CreateTags", "ec2:DeleteTags"],
      resources: [`${ec2}:network-interface/*`],
      condition: { "ForAllValues:StringEquals": { "aws:TagKeys": ["aws-glue-service-resource"] } },
    },
    {
      sid: "RemoveNetworkInterfaces",
      actions: ["ec2:DeleteNetworkInterface"],
      resources: [`${ec2}:network-interface/*`],
    },
  ];
}
