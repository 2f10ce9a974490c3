import { GlueConnection as AwsGlueConnection } from "@cdktf/provider-aws/lib/glue-connection";
import { Construct } from "constructs";
import type { PolicyStatement } from "../policy";

export interface GlueConnectionProps {
  readonly connectionName: string;
  readonly description: string;
  readonly availabilityZone: string;
  readonly subnetId: string;
  /** It must let its members speak to each other on all ports: Glue's workers do. */
  readonly securityGroupId: string;
}

/** Place in a VPC in which workers of a job run. */
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

/** Glue reads the job's connections, and makes its workers' network interfaces, with the job's role. */
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
