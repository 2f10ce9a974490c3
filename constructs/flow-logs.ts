import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { FlowLog } from "@cdktf/provider-aws/lib/flow-log";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { Construct } from "constructs";
import { EncryptionKey } from "./encryption-key";
import { ServiceRole } from "./service-role";

export interface FlowLogsProps {
  readonly vpc: Vpc;
  /** Name of key alias, role and log group. */
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly retentionInDays: number;
  readonly keyDeletionWindowInDays: number;
  readonly preventDestroy: boolean;
}

/** Records of the VPC's connections, in an encrypted log group. */
export class FlowLogs extends Construct {
  constructor(scope: Construct, id: string, props: FlowLogsProps) {
    super(scope, id);
    // a key of its own, so that the network waits for no other layer
    const key = new EncryptionKey(this, "key", {
      aliasName: props.name,
      description: `VPC flow logs ${props.name}`,
      account: props.account,
      region: props.region,
      users: ["logs"],
      deletionWindowInDays: props.keyDeletionWindowInDays,
      preventDestroy: props.preventDestroy,
    });
    const logGroup = new CloudwatchLogGroup(this, "log-group", {
      name: `/tributary/${props.name}`,
      retentionInDays: props.retentionInDays,
      kmsKeyId: key.arn,
    });
    new FlowLog(this, "flow-log", {
      vpcId: props.vpc.id,
      trafficType: "ALL",
      logDestination: logGroup.arn,
      iamRoleArn: this.deliveryRole(props, logGroup).role.arn,
      maxAggregationInterval: 600,
      tags: { Name: props.name },
    });
  }

  private deliveryRole(props: FlowLogsProps, logGroup: CloudwatchLogGroup): ServiceRole {
    return new ServiceRole(this, "role", {
      roleName: props.name,
      description: "delivers VPC flow logs",
      service: "vpc-flow-logs.amazonaws.com",
      account: props.account,
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
  }
}
