import { type Environment, functionName } from "../../environments/schema";
import { resourcesOf, withOwnTags } from "./resources";
import { roleStatements } from "./roles";
import { actionsOf, allow, type Statement } from "./statement";

/** Functions that a deploy calls. */
const CALLED = ["declared-columns", "ledger-migrator"] as const;

/** Permissions of a deploy and a destruction beside those of a plan, by layer. */
export function writingPolicies(environment: Environment): Record<string, readonly Statement[]> {
  return {
    roles: roleStatements(environment),
    network: network(environment),
    storage: [...state(environment), ...keys(environment), ...buckets(environment), ...catalog(environment)],
    ledger: [...tables(environment), ...server(environment)],
    compute: [...functions(environment), ...jobs(environment), ...events(environment)],
    observability: observability(environment),
  };
}

function state(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  return [
    // a state is never deleted: an emptied one stays
    allow("WriteStates", ["s3:PutObject"], of.states),
    allow("LockStates", actionsOf("s3", "DeleteObject GetObject PutObject"), of.locks),
  ];
}

/**
 * Permissions on networks. Few of EC2's resources have names; what is deleted must have the environment's tags.
 *
 * @see https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html (2026-11-30)
 * @see https://docs.aws.amazon.com/vpc/latest/privatelink/security_iam_id-based-policy-examples.html (2026-11-30)
 */
function network(environment: Environment): Statement[] {
  const inRegion = { StringEquals: { "aws:RequestedRegion": environment.region } };
  return [
    allow(
      "MakeNetwork",
      actionsOf(
        "ec2",
        `AllocateAddress AssociateRouteTable AttachInternetGateway
        AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateFlowLogs CreateInternetGateway
        CreateNatGateway CreateRoute CreateRouteTable CreateSecurityGroup CreateSubnet CreateTags CreateVpc
        CreateVpcEndpoint DeleteNetworkInterface DeleteRoute DeleteTags DetachInternetGateway
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
    // of endpoints with a private name
    allow("NameEndpoints", ["route53:AssociateVPCWithHostedZone"], ["*"]),
    allow("DeliverFlowLogs", actionsOf("logs", "CreateLogDelivery DeleteLogDelivery"), ["*"]),
  ];
}

/**
 * Permissions on keys. They have random names, so that the tags with which they are made tell them from others; a key
 * that has the alias of another is never tagged.
 *
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html (2026-11-30)
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html (2026-11-30)
 */
function keys(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  const { region } = environment;
  return [
    allow(
      "MakeKeys",
      actionsOf("kms", "CreateKey PutKeyPolicy TagResource"),
      ["*"],
      withOwnTags(environment, "Request"),
    ),
    {
      Sid: "TagNoOthersKey",
      Effect: "Deny",
      Action: ["kms:TagResource"],
      Resource: ["*"],
      Condition: {
        "ForAnyValue:StringNotLike": {
          "kms:ResourceAliases": `alias/${environment.project}-${environment.name}-*`,
        },
      },
    },
    // right after its creation a key's tags may not count yet
    allow("NameKeys", actionsOf("kms", "CreateAlias DeleteAlias UpdateAlias"), [...of.aliases, ...of.keys]),
    allow("RotateKeys", ["kms:EnableKeyRotation"], of.keys),
    allow(
      "KeepOwnKeys",
      actionsOf(
        "kms",
        `DisableKeyRotation PutKeyPolicy ScheduleKeyDeletion TagResource
        UntagResource UpdateKeyDescription`,
      ),
      of.keys,
      withOwnTags(environment, "Resource"),
    ),
    allow("EncryptCode", actionsOf("kms", "Decrypt GenerateDataKey"), of.keys, {
      StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com` },
    }),
  ];
}

function buckets(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  return [
    allow(
      "KeepBuckets",
      actionsOf(
        "s3",
        `CreateBucket DeleteBucket DeleteBucketPolicy ListBucketVersions PutBucketLogging
        PutBucketNotification PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock
        PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration`,
      ),
      of.buckets,
    ),
    allow(
      "KeepCode",
      actionsOf("s3", "DeleteObject DeleteObjectVersion PutObject PutObjectTagging"),
      of.artifacts,
    ),
    ...(environment.storage.forceDestroy
      ? [allow("EmptyBuckets", actionsOf("s3", "DeleteObject DeleteObjectVersion"), of.objects)]
      : []),
    allow(
      "KeepTrail",
      actionsOf(
        "cloudtrail",
        "AddTags CreateTrail DeleteTrail PutEventSelectors RemoveTags StartLogging StopLogging UpdateTrail",
      ),
      of.trails,
    ),
    allow(
      "KeepWorkgroup",
      actionsOf("athena", "CreateWorkGroup DeleteWorkGroup TagResource UntagResource UpdateWorkGroup"),
      of.workgroups,
    ),
    allow(
      "KeepQueues",
      actionsOf("sqs", "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue"),
      of.queues,
    ),
  ];
}

function catalog(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  return [
    allow(
      "KeepCatalog",
      actionsOf(
        "glue",
        `CreateDatabase CreatePartitionIndex CreateTable DeleteDatabase DeletePartitionIndex DeleteTable
        TagResource UntagResource UpdateDatabase UpdateTable`,
      ),
      [...of.catalog, ...of.userDefinedFunctions],
    ),
    allow(
      "KeepConnections",
      // which calls that name a connection ask for the right to pass it, Glue does not say
      actionsOf(
        "glue",
        "CreateConnection DeleteConnection PassConnection TagResource UntagResource UpdateConnection",
      ),
      of.connections,
    ),
  ];
}

function tables(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  return [
    allow(
      "KeepTables",
      actionsOf(
        "dynamodb",
        `CreateTable DeleteTable TagResource UntagResource UpdateContinuousBackups UpdateTable
        UpdateTimeToLive`,
      ),
      of.tables,
    ),
  ];
}

/**
 * Permissions on the managed server, whose secret RDS makes in the caller's name.
 *
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html (2026-11-30)
 */
function server(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  const services = ["rds", "secretsmanager"].map(
    (service) => `${service}.${environment.region}.amazonaws.com`,
  );
  const through = { StringEquals: { "kms:ViaService": services } };
  return [
    allow(
      "KeepDatabase",
      actionsOf(
        "rds",
        `AddTagsToResource CreateDBInstance CreateDBParameterGroup CreateDBSnapshot CreateDBSubnetGroup
        DeleteDBInstance DeleteDBParameterGroup DeleteDBSubnetGroup ModifyDBInstance ModifyDBParameterGroup
        ModifyDBSubnetGroup RemoveTagsFromResource ResetDBParameterGroup`,
      ),
      of.databases,
    ),
    allow(
      "MakeDatabaseSecret",
      actionsOf("secretsmanager", "CreateSecret RotateSecret TagResource"),
      of.secrets,
    ),
    allow("EncryptDatabase", actionsOf("kms", "Decrypt GenerateDataKey"), of.keys, through),
    allow("GrantKeys", ["kms:CreateGrant"], of.keys, {
      ...through,
      Bool: { "kms:GrantIsForAWSResource": "true" },
    }),
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
    allow("KeepJobs", actionsOf("glue", "CreateJob DeleteJob TagResource UntagResource UpdateJob"), of.jobs),
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
  return [
    allow(
      "KeepRules",
      actionsOf("events", "DeleteRule PutRule PutTargets RemoveTargets TagResource UntagResource"),
      of.rules,
    ),
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
