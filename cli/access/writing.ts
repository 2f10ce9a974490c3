import { type Environment, functionName } from "../../environments/schema";
import { resourcesOf, withNoOthersTags, withOwnTags } from "./resources";
import { roleStatements } from "./roles";
import { actionsOf, allow, type Statement } from "./statement";
import { smokeStatements } from "./writing-smoke";
import { ledgerStatements, storageStatements } from "./writing-storage";

/** Functions that a deploy calls. */
const CALLED = ["declared-columns", "ledger-migrator"] as const;

/** Calls that tag what they make. */
const TAGGED_AT_CREATION =
  `AllocateAddress AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateFlowLogs
  CreateInternetGateway CreateNatGateway CreateRouteTable CreateSecurityGroup CreateSubnet CreateVpc
  CreateVpcEndpoint`.split(/\s+/);

/** Permissions of a deploy, a smoke test after it, and a destruction, beside those of a plan: by layer, but for the test. */
export function writingPolicies(environment: Environment): Record<string, readonly Statement[]> {
  return {
    roles: roleStatements(environment),
    network: network(environment),
    storage: storageStatements(environment),
    ledger: ledgerStatements(environment),
    compute: [...functions(environment), ...jobs(environment), ...events(environment)],
    observability: observability(environment),
    smoke: smokeStatements(environment),
  };
}

/**
 * Permissions on networks. Few of EC2's resources have names; what is deleted must have the environment's tags, and what is
 * changed none of another's.
 *
 * @see https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html (2026-11-30)
 * @see https://docs.aws.amazon.com/vpc/latest/privatelink/security_iam_id-based-policy-examples.html (2026-11-30)
 */
function network(environment: Environment): Statement[] {
  const inRegion = {
    StringEquals: { "aws:RequestedRegion": environment.region },
    ...withNoOthersTags(environment),
  };
  return [
    allow(
      "MakeNetwork",
      actionsOf(
        "ec2",
        `AllocateAddress AssociateRouteTable AttachInternetGateway
        AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateFlowLogs CreateInternetGateway
        CreateNatGateway CreateRoute CreateRouteTable CreateSecurityGroup CreateSubnet CreateVpc
        CreateVpcEndpoint DeleteNetworkInterface DeleteRoute DetachInternetGateway
        DetachNetworkInterface DisassociateAddress DisassociateRouteTable ModifySecurityGroupRules
        ModifySubnetAttribute ModifyVpcAttribute ModifyVpcEndpoint ReplaceRoute
        ReplaceRouteTableAssociation RevokeSecurityGroupEgress RevokeSecurityGroupIngress
        UpdateSecurityGroupRuleDescriptionsEgress UpdateSecurityGroupRuleDescriptionsIngress`,
      ),
      ["*"],
      inRegion,
    ),
    allow(
      "DeleteOwnNetwork",
      actionsOf(
        "ec2",
        `DeleteFlowLogs DeleteInternetGateway DeleteNatGateway DeleteRouteTable DeleteSecurityGroup
        DeleteSubnet DeleteVpc DeleteVpcEndpoints ReleaseAddress`,
      ),
      ["*"],
      withOwnTags(environment, "Resource"),
    ),
    ...networkTags(environment),
    // of endpoints with a private name
    allow("NameEndpoints", ["route53:AssociateVPCWithHostedZone"], ["*"]),
    allow("DeliverFlowLogs", actionsOf("logs", "CreateLogDelivery DeleteLogDelivery"), ["*"]),
  ];
}

/**
 * Permissions to tag what is made, and what has the environment's tags: whoever could tag anything could delete anything.
 * The provider tags two kinds after their creation: rules, and the security group that comes with a network.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html (2026-11-30)
 */
function networkTags(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  const requested = withOwnTags(environment, "Request");
  return [
    allow("TagWhatIsMade", ["ec2:CreateTags"], ["*"], {
      StringEquals: { ...requested["StringEquals"], "ec2:CreateAction": TAGGED_AT_CREATION },
    }),
    allow("TagRules", ["ec2:CreateTags"], of.networkRules, requested),
    allow("TagFirstGroup", ["ec2:CreateTags"], of.networkGroups, {
      ...requested,
      Null: { "aws:ResourceTag/project": "true", "aws:ResourceTag/environment": "true" },
    }),
    allow("KeepTags", actionsOf("ec2", "CreateTags DeleteTags"), ["*"], withOwnTags(environment, "Resource")),
  ];
}

function functions(environment: Environment): Statement[] {
  const { account, region } = environment;
  const of = resourcesOf(environment);
  const ofFunctions = { ArnLike: { "lambda:FunctionArn": of.functions } };
  return [
    allow(
      "KeepFunctions",
      actionsOf(
        "lambda",
        `AddPermission CreateFunction DeleteFunction DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig
        PutFunctionConcurrency PutFunctionEventInvokeConfig RemovePermission TagResource UntagResource
        UpdateFunctionCode UpdateFunctionConfiguration UpdateFunctionEventInvokeConfig`,
      ),
      of.functions,
    ),
    allow(
      "CallFunctions",
      ["lambda:InvokeFunction"],
      CALLED.map((name) => `arn:aws:lambda:${region}:${account}:function:${functionName(environment, name)}`),
    ),
    allow("MakeEventSources", ["lambda:CreateEventSourceMapping"], ["*"], ofFunctions),
    allow(
      "KeepEventSources",
      actionsOf("lambda", "DeleteEventSourceMapping UpdateEventSourceMapping"),
      of.eventSources,
      ofFunctions,
    ),
    allow("TagEventSources", actionsOf("lambda", "TagResource UntagResource"), of.eventSources),
    allow(
      "KeepLogGroups",
      actionsOf(
        "logs",
        `AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey
        PutRetentionPolicy TagResource UntagResource`,
      ),
      of.logGroups,
    ),
  ];
}

function jobs(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  return [
    allow(
      "KeepJobs",
      // runs of a job that is to go are among what a deploy says it would lose
      actionsOf("glue", "CreateJob DeleteJob GetJobRuns TagResource UntagResource UpdateJob"),
      of.jobs,
    ),
    allow(
      "KeepTriggers",
      actionsOf(
        "glue",
        "CreateTrigger DeleteTrigger StartTrigger StopTrigger TagResource UntagResource UpdateTrigger",
      ),
      of.triggers,
    ),
    allow(
      "KeepWorkflow",
      actionsOf("glue", "CreateWorkflow DeleteWorkflow TagResource UntagResource UpdateWorkflow"),
      of.workflows,
    ),
    // IAM knows no resource for them
    allow(
      "KeepSecurityConfigurations",
      actionsOf("glue", "CreateSecurityConfiguration DeleteSecurityConfiguration"),
      ["*"],
    ),
  ];
}

function events(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  const rawTopic = environment.storage.raw.existing?.events;
  return [
    allow(
      "KeepRules",
      actionsOf("events", "DeleteRule PutRule PutTargets RemoveTargets TagResource UntagResource"),
      of.rules,
    ),
    ...(rawTopic === undefined || rawTopic === "eventbridge"
      ? []
      : [allow("FollowRawBucket", ["sns:Subscribe"], [rawTopic])]),
    allow(
      "KeepSchedules",
      actionsOf("scheduler", "CreateSchedule DeleteSchedule UpdateSchedule"),
      of.schedules,
    ),
  ];
}

function observability(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  return [
    allow(
      "KeepAlarms",
      actionsOf("cloudwatch", "DeleteAlarms PutMetricAlarm TagResource UntagResource"),
      of.alarms,
    ),
    allow("KeepDashboard", actionsOf("cloudwatch", "DeleteDashboards PutDashboard"), of.dashboards),
    allow("KeepBudget", actionsOf("budgets", "ModifyBudget TagResource UntagResource"), of.budgets),
    allow(
      "KeepTopic",
      actionsOf("sns", "CreateTopic DeleteTopic SetTopicAttributes Subscribe TagResource UntagResource"),
      of.topic,
    ),
    // IAM knows no resource for them
    allow("KeepSubscriptions", actionsOf("sns", "SetSubscriptionAttributes Unsubscribe"), ["*"]),
  ];
}
