import type { Environment } from "../../environments/schema";
import { ofOwnServers, resourcesOf } from "./resources";
import { actionsOf, allow, type Statement } from "./statement";

/** Services through which roles use keys, DynamoDB among them, which uses its key for its callers. */
const KEY_USERS = ["dynamodb", "s3", "secretsmanager", "sqs"] as const;

/** Tag by which Glue marks the network interfaces of its jobs. */
const GLUE_TAG = "aws-glue-service-resource";
const READ_SECRET = actionsOf("secretsmanager", "DescribeSecret GetSecretValue");

/**
 * What the environment's own roles may ever do: work on its data, and nothing that makes, changes or gives away a
 * resource, a role or code. Each role's own policies are far narrower.
 */
export function boundaryStatements(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  const { secretArn, secretKeyArn } = environment.ledger.postgres;
  const { existing } = environment.storage.raw;
  const named = [...of.pagerSecrets, ...(secretArn === undefined ? [] : [secretArn])];
  const through = KEY_USERS.map((service) => `${service}.${environment.region}.amazonaws.com`);
  return [
    allow(
      "Objects",
      actionsOf(
        "s3",
        `AbortMultipartUpload DeleteObject DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging
        GetObject GetObjectAttributes GetObjectTagging GetObjectVersion GetObjectVersionTagging
        ListMultipartUploadParts PutObject PutObjectTagging PutObjectVersionTagging`,
      ),
      of.objects,
    ),
    {
      Sid: "CodeIsDeployed",
      Effect: "Deny",
      Action: actionsOf(
        "s3",
        "DeleteObject DeleteObjectTagging DeleteObjectVersion PutObject PutObjectTagging",
      ),
      Resource: of.artifacts,
    },
    // of a bucket that was there before: it is neither written nor emptied
    ...(existing === undefined
      ? []
      : [
          allow("RawObjects", actionsOf("s3", "GetObject GetObjectVersion PutObjectVersionTagging"), [
            `arn:aws:s3:::${existing.bucket}/*`,
          ]),
          allow("RawBucket", actionsOf("s3", "GetEncryptionConfiguration ListBucket ListBucketVersions"), [
            `arn:aws:s3:::${existing.bucket}`,
          ]),
        ]),
    allow(
      "Buckets",
      actionsOf(
        "s3",
        "GetBucketLocation GetEncryptionConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions",
      ),
      of.buckets,
    ),
    allow(
      "Items",
      actionsOf(
        "dynamodb",
        `BatchGetItem BatchWriteItem ConditionCheckItem DeleteItem DescribeTable GetItem PutItem Query Scan
        UpdateItem`,
      ),
      [...of.tables, ...of.indexes],
    ),
    allow(
      "Messages",
      actionsOf(
        "sqs",
        "ChangeMessageVisibility DeleteMessage GetQueueAttributes GetQueueUrl ReceiveMessage SendMessage",
      ),
      of.queues,
    ),
    allow("Events", ["events:PutEvents"], of.bus),
    allow("Alerts", ["sns:Publish"], of.topic),
    allow("Functions", ["lambda:InvokeFunction"], of.functions),
    allow("Runs", actionsOf("glue", "BatchStopJobRun GetJob GetJobRun GetJobRuns StartJobRun"), of.jobs),
    allow(
      "Workflows",
      actionsOf("glue", "GetWorkflow GetWorkflowRun GetWorkflowRuns StartWorkflowRun StopWorkflowRun"),
      of.workflows,
    ),
    allow(
      "Catalog",
      actionsOf("glue", "GetDatabase GetPartition GetPartitions GetTable GetTables UpdateTable"),
      of.catalog,
    ),
    allow("Connections", ["glue:GetConnection"], of.connections),
    allow(
      "Keys",
      actionsOf("kms", "CreateGrant Decrypt DescribeKey Encrypt GenerateDataKey* ReEncrypt*"),
      [...of.keys, ...[secretKeyArn, existing?.keyArn].filter((arn) => arn !== undefined)],
      { StringEquals: { "kms:ViaService": through } },
    ),
    allow("ServerSecrets", READ_SECRET, of.secrets, ofOwnServers(environment)),
    ...(named.length === 0 ? [] : [allow("NamedSecrets", READ_SECRET, named)]),
    allow("Logins", ["rds-db:connect"], of.logins),
    allow(
      "Logs",
      actionsOf(
        "logs",
        "AssociateKmsKey CreateLogGroup CreateLogStream DescribeLogStreams PutLogEvents PutRetentionPolicy",
      ),
      of.allLogs,
    ),
    allow(
      "DatabaseMetrics",
      actionsOf(
        "logs",
        "CreateLogGroup CreateLogStream DescribeLogStreams GetLogEvents PutLogEvents PutRetentionPolicy",
      ),
      of.metricLogs,
    ),
    allow("FindLogGroups", ["logs:DescribeLogGroups"], ["*"]),
    allow("Metrics", ["cloudwatch:PutMetricData"], ["*"]),
    // of functions and jobs in the private subnets
    allow(
      "Interfaces",
      actionsOf(
        "ec2",
        `AssignPrivateIpAddresses CreateNetworkInterface DeleteNetworkInterface
        DescribeNetworkInterfaces DescribeRouteTables DescribeSecurityGroups DescribeSubnets
        DescribeVpcAttribute DescribeVpcEndpoints DescribeVpcs UnassignPrivateIpAddresses`,
      ),
      ["*"],
    ),
    allow("TagInterfaces", actionsOf("ec2", "CreateTags DeleteTags"), of.interfaces, {
      "ForAllValues:StringEquals": { "aws:TagKeys": [GLUE_TAG] },
    }),
  ];
}
