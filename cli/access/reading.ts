import type { Environment } from "../../environments/schema";
import { resourcesOf } from "./resources";
import { roleReadingStatements } from "./roles";
import { actionsOf, allow, type Statement } from "./statement";

/**
 * Permissions of a plan: what the provider reads of each kind of resource, the code that is there, and the state,
 * without its lock. Nothing secret: no object of the data buckets, no message, no item, no secret, no log. The names
 * of objects are told to who may ask whether their bucket is there, and S3 has no smaller permission for it.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html (2026-11-30)
 * @see https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/s3/aws.sdk.kotlin.services.s3.model/-head-object-request/checksum-mode.html (2026-11-30)
 */
export function readingPolicies(environment: Environment): Record<string, readonly Statement[]> {
  return { foundation: foundation(environment), services: services(environment) };
}

/**
 * Permission of who plans, and nobody else: to keep plans for who applies. None is read, and none is written over.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html (2026-12-01)
 */
export function keepingPolicies(environment: Environment): Record<string, readonly Statement[]> {
  const isNew = { Null: { "s3:if-none-match": "false" } };
  return { plans: [allow("KeepPlans", ["s3:PutObject"], resourcesOf(environment).plans, isNew)] };
}

function foundation(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  return [
    allow("FindStates", ["s3:ListBucket"], of.stateBucket),
    allow("ReadStates", ["s3:GetObject"], of.states),
    allow(
      "ReadBuckets",
      actionsOf(
        "s3",
        `GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLogging
        GetBucketNotification GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy
        GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning
        GetBucketWebsite GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration
        ListBucket`,
      ),
      of.buckets,
    ),
    allow("ReadCode", actionsOf("s3", "GetObject GetObjectTagging"), of.artifacts),
    // S3 asks for it where the provider wants the checksum of an encrypted object
    allow("DecryptCode", ["kms:Decrypt"], of.keys, {
      StringEquals: { "kms:ViaService": `s3.${environment.region}.amazonaws.com` },
      "ForAnyValue:StringEquals": {
        "kms:ResourceAliases": `alias/${environment.project}-${environment.name}-code`,
      },
    }),
    allow(
      "ReadKeys",
      actionsOf("kms", "DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags"),
      of.keys,
    ),
    allow("ListAliases", ["kms:ListAliases"], ["*"]),
    allow(
      "ReadNetwork",
      actionsOf(
        "ec2",
        `DescribeAddresses DescribeAddressesAttribute DescribeFlowLogs
        DescribeInternetGateways DescribeNatGateways DescribeNetworkAcls
        DescribeNetworkInterfaces DescribePrefixLists DescribeRouteTables DescribeSecurityGroupRules
        DescribeSecurityGroups DescribeSubnets DescribeVpcAttribute DescribeVpcEndpoints DescribeVpcs`,
      ),
      ["*"],
    ),
    ...roleReadingStatements(environment),
  ];
}

function services(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  return [
    allow(
      "ReadWorkgroup",
      actionsOf("athena", "GetNamedQuery GetWorkGroup ListTagsForResource"),
      of.workgroups,
    ),
    allow("ReadBudget", actionsOf("budgets", "ListTagsForResource ViewBudget"), of.budgets),
    allow("FindTrails", ["cloudtrail:DescribeTrails"], ["*"]),
    allow("ReadTrail", actionsOf("cloudtrail", "GetEventSelectors GetTrailStatus ListTags"), of.trails),
    allow("FindAlarms", ["cloudwatch:DescribeAlarms"], ["*"]),
    allow("ReadAlarmTags", ["cloudwatch:ListTagsForResource"], of.alarms),
    allow("ReadDashboard", ["cloudwatch:GetDashboard"], of.dashboards),
    allow(
      "ReadTables",
      actionsOf("dynamodb", "DescribeContinuousBackups DescribeTable DescribeTimeToLive ListTagsOfResource"),
      of.tables,
    ),
    allow("ReadRules", actionsOf("events", "DescribeRule ListTagsForResource ListTargetsByRule"), of.rules),
    allow("ReadCatalog", actionsOf("glue", "GetDatabase GetPartitionIndexes GetTable"), of.catalog),
    ...(environment.storage.lakeFormation === "iam"
      ? [allow("ReadGrants", ["lakeformation:ListPermissions"], ["*"])]
      : []),
    allow("ReadConnections", ["glue:GetConnection"], of.connections),
    allow("ReadJobs", ["glue:GetJob"], of.jobs),
    allow("ReadTriggers", ["glue:GetTrigger"], of.triggers),
    allow("ReadWorkflow", ["glue:GetWorkflow"], of.workflows),
    allow(
      "ReadGlueTags",
      ["glue:GetTags"],
      [...of.catalog, ...of.connections, ...of.jobs, ...of.triggers, ...of.workflows].filter(isFirst),
    ),
    // IAM knows no resource for it
    allow("ReadSecurityConfigurations", ["glue:GetSecurityConfiguration"], ["*"]),
    allow(
      "ReadFunctions",
      actionsOf(
        "lambda",
        `GetFunction GetFunctionCodeSigningConfig GetFunctionEventInvokeConfig GetPolicy ListTags
        ListVersionsByFunction`,
      ),
      of.functions,
    ),
    allow("ReadEventSources", actionsOf("lambda", "GetEventSourceMapping ListTags"), of.eventSources),
    allow("FindLogGroups", ["logs:DescribeLogGroups"], ["*"]),
    allow("ReadLogGroupTags", ["logs:ListTagsForResource"], of.logGroups),
    allow(
      "ReadDatabase",
      actionsOf(
        "rds",
        `DescribeDBInstances DescribeDBParameterGroups DescribeDBParameters DescribeDBSubnetGroups
        ListTagsForResource`,
      ),
      of.databases,
    ),
    allow("ReadSchedules", ["scheduler:GetSchedule"], of.schedules),
    allow("ReadTopic", actionsOf("sns", "GetTopicAttributes ListTagsForResource"), of.topic),
    allow("ReadSubscriptions", ["sns:GetSubscriptionAttributes"], ["*"]),
    allow("ReadQueues", actionsOf("sqs", "GetQueueAttributes ListQueueTags"), of.queues),
  ];
}

function isFirst<Value>(value: Value, index: number, all: readonly Value[]): boolean {
  return all.indexOf(value) === index;
}
