import {
  type BucketName,
  bucketName,
  controlTableName,
  type Environment,
  functionName,
  ledgerBatchJobName,
  MALFORMED_PREFIX,
  processedPrefix,
  STAGING_PREFIX,
  trackingTableName,
  uploadsTableName,
} from "../../environments/schema";
import { SMOKE_DATASETS, SMOKE_PREFIXES } from "../../runtime/smoke";
import { resourcesOf } from "./resources";
import { actionsOf, allow, type Statement } from "./statement";

/**
 * Permissions of a smoke test beside those of a deploy, which lists what buckets hold, reads tables of the catalog and
 * runs of jobs, and uses keys through S3. They end at the objects and items of smoke tests where a name tells these
 * from others: dead letters of the ledger and quarantined files are named by batch, date and digest, and the partitions
 * of the file-tracking table are dates.
 */
export function smokeStatements(environment: Environment): Statement[] {
  return [...objects(environment), ...queries(environment), ...items(environment), ...calls(environment)];
}

function objects(environment: Environment): Statement[] {
  const below = (bucket: BucketName, ...prefixes: readonly string[]) =>
    prefixes.map((prefix) => `arn:aws:s3:::${bucketName(environment, bucket)}/${prefix}*`);
  const { uploads, manifests, ledger } = SMOKE_DATASETS;
  const sent = below("raw", ...Object.values(SMOKE_PREFIXES));
  const archived = below("raw", processedPrefix(SMOKE_PREFIXES.ledger));
  const tables = below("curated", ...Object.values(SMOKE_DATASETS).map((name) => `tables/${name}/`));
  const letters = below(
    "quarantine",
    `dead-letters/${uploads}/`,
    `dead-letters/${manifests}/`,
    MALFORMED_PREFIX,
  );
  const lists = below("manifests", `manifests/${manifests}/`);
  return [
    allow("SendSmokeFiles", ["s3:PutObject"], sent),
    allow("ReadSmokeOutputs", ["s3:GetObject"], [...tables, ...letters, ...lists]),
    allow(
      "RemoveSmokeObjects",
      ["s3:DeleteObjectVersion"],
      [
        ...sent,
        ...archived,
        ...tables,
        ...below(
          "curated",
          `stats/${uploads}/`,
          `${STAGING_PREFIX}*/tables/${ledger}/`,
          `${STAGING_PREFIX}*/${MALFORMED_PREFIX}`,
        ),
        ...letters,
        ...below("quarantine", `files/${uploads}/`, "quarantine/"),
        ...lists,
        ...below("manifests", `receipts/${manifests}/`),
      ],
    ),
  ];
}

/**
 * Permissions to count rows by Athena, which reads tables and writes results in the caller's name; all tables have
 * partition projection, so that it asks for no partitions.
 *
 * @see https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html (2026-11-30)
 */
function queries(environment: Environment): Statement[] {
  const of = resourcesOf(environment);
  const results = `arn:aws:s3:::${bucketName(environment, "results")}`;
  return [
    allow(
      "Query",
      actionsOf("athena", "GetQueryExecution GetQueryResults StartQueryExecution"),
      of.workgroups,
    ),
    allow("FindResults", ["s3:GetBucketLocation"], [results]),
    allow("KeepResults", actionsOf("s3", "GetObject PutObject"), [`${results}/*`]),
  ];
}

function items(environment: Environment): Statement[] {
  const { account, region } = environment;
  const table = (name: string) => [`arn:aws:dynamodb:${region}:${account}:table/${name}`];
  return [
    allow(
      "UseSmokeUploads",
      actionsOf("dynamodb", "ConditionCheckItem DeleteItem GetItem Query"),
      table(uploadsTableName(environment)),
      keysLike(`${bucketName(environment, "raw")}/${SMOKE_PREFIXES.uploads}*`),
    ),
    allow(
      "UseSmokeFiles",
      actionsOf("dynamodb", "DeleteItem GetItem"),
      table(trackingTableName(environment)),
    ),
    allow(
      "ReadStreamingJob",
      ["dynamodb:GetItem"],
      table(controlTableName(environment)),
      keysLike("streaming-job"),
    ),
  ];
}

/**
 * Condition on the partition keys of items.
 *
 * @see https://repost.aws/knowledge-center/dynamodb-table-restrict-attributes (2026-11-30)
 */
function keysLike(key: string): Statement["Condition"] {
  return { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [key] } };
}

function calls(environment: Environment): Statement[] {
  const { account, region } = environment;
  return [
    // Lambda knows no resource for it
    allow("FindEventSources", ["lambda:ListEventSourceMappings"], ["*"]),
    allow(
      "AskLedger",
      ["lambda:InvokeFunction"],
      [`arn:aws:lambda:${region}:${account}:function:${functionName(environment, "ledger-operator")}`],
    ),
    allow(
      "StartBatchJob",
      ["glue:StartJobRun"],
      [`arn:aws:glue:${region}:${account}:job/${ledgerBatchJobName(environment)}`],
    ),
  ];
}
