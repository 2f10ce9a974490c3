import type { Environment } from "../../environments/schema";
import { ofOwnServers, resourcesOf, withOwnTags } from "./resources";
import { actionsOf, allow, type Statement } from "./statement";

/** Permissions on what the storage layer holds, and on the state. */
export function storageStatements(environment: Environment): Statement[] {
  return [...state(environment), ...keys(environment), ...buckets(environment), ...catalog(environment)];
}

/** Permissions on the tables and the server that the ledger layer holds. */
export function ledgerStatements(environment: Environment): Statement[] {
  return [...tables(environment), ...server(environment)];
}

function state(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  return [
    // a state is never deleted: an emptied one stays
    allow("WriteStates", ["s3:PutObject"], of.states),
    allow("ReadKeptPlans", ["s3:GetObject"], of.plans),
    allow("LockStates", actionsOf("s3", "DeleteObject GetObject PutObject"), of.locks),
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
    allow("MakeKeys", actionsOf("kms", "CreateKey TagResource"), ["*"], withOwnTags(environment, "Request")),
    // asked for by CreateKey, too, and no source tells whether with the request's tags: what is made has none yet
    allow("GiveNewKeysPolicy", ["kms:PutKeyPolicy"], ["*"], {
      Null: { "aws:ResourceTag/project": "true", "kms:ResourceAliases": "true" },
    }),
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
      actionsOf(
        "athena",
        "CreateNamedQuery CreateWorkGroup DeleteNamedQuery DeleteWorkGroup TagResource UntagResource UpdateWorkGroup",
      ),
      of.workgroups,
    ),
    allow(
      "KeepQueues",
      actionsOf("sqs", "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue"),
      of.queues,
    ),
  ];
}

/** @see https://docs.aws.amazon.com/lake-formation/latest/dg/required-permissions-for-grant.html (2026-11-30) */
function catalog(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  return [
    allow(
      "KeepCatalog",
      actionsOf(
        "glue",
        `CreateDatabase CreateTable DeleteDatabase DeleteTable TagResource UntagResource UpdateDatabase
        UpdateTable`,
      ),
      [...of.catalog, ...of.userDefinedFunctions],
    ),
    // Lake Formation itself asks whether the caller may give what he has
    ...(environment.storage.lakeFormation === "iam"
      ? [allow("KeepGrants", actionsOf("lakeformation", "GrantPermissions RevokePermissions"), ["*"])]
      : []),
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
      ofOwnServers(environment),
    ),
    allow("EncryptDatabase", actionsOf("kms", "Decrypt GenerateDataKey"), of.keys, through),
    allow("GrantKeys", ["kms:CreateGrant"], of.keys, {
      ...through,
      Bool: { "kms:GrantIsForAWSResource": "true" },
    }),
  ];
}
