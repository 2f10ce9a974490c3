/** Permissions of each function and job of the ledger pipeline: named actions on named resources. */
import { useKey } from "../../../constructs/encryption-key";
import { useConnections } from "../../../constructs/glue/glue-connection";
import type { PolicyStatement } from "../../../constructs/policy";
import {
  ledgerConnectionName,
  MALFORMED_PREFIX,
  PROCESSED_PREFIX,
  queueName,
  RAW_JSON_PREFIX,
  STAGING_PREFIX,
} from "../../../environments/schema";
import type { NetworkStack } from "../../network/stack";
import { admitColumns, type PipelineResources, putOwnEvents, readRawKey } from "../pipeline-resources";
import { LEDGER_DATASET } from "./job-arguments";

/** Resources of the pipeline, whose jobs and functions run in the VPC. */
export interface LedgerResources extends PipelineResources {
  readonly network: NetworkStack;
}

const WRITE = ["s3:PutObject", "s3:AbortMultipartUpload"];

export function ledgerListerStatements(resources: LedgerResources): PolicyStatement[] {
  const { environment, storage, ledger } = resources;
  return [
    ...ledger.server.connect("tributary_lister"),
    ...connections(resources),
    {
      sid: "ListRawJson",
      actions: ["s3:ListBucketVersions"],
      resources: [storage.raw.arn],
      condition: { StringLike: { "s3:prefix": `${RAW_JSON_PREFIX}*` } },
    },
    // of objects it reads its own code alone, which is encrypted like all
    useKey(storage.key.arn, environment.region, "s3", "read"),
  ];
}

export function ledgerRegistrarStatements({
  environment,
  storage,
  ledger,
}: LedgerResources): PolicyStatement[] {
  const { account, region } = environment;
  return [
    ...ledger.server.connect("tributary_registrar"),
    {
      sid: "TakeInputs",
      actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
      resources: [`arn:aws:sqs:${region}:${account}:${queueName(environment, "ledger-inputs")}`],
    },
    useKey(storage.key.arn, region, "sqs", "read"),
  ];
}

export function ledgerOperatorStatements({ ledger }: LedgerResources): PolicyStatement[] {
  return ledger.server.connect("tributary_operator");
}

export function ledgerBatchStatements(resources: LedgerResources): PolicyStatement[] {
  const { environment, storage, ledger } = resources;
  const { raw, curated, quarantine } = storage;
  return [
    ...ledger.server.connect("tributary_batch"),
    ...connections(resources),
    {
      sid: "ReadRawJson",
      actions: ["s3:GetObject", "s3:GetObjectVersion"],
      resources: [`${raw.arn}/${RAW_JSON_PREFIX}*`, `${raw.arn}/${PROCESSED_PREFIX}*`],
    },
    readRawKey(resources),
    ...archive(resources),
    {
      sid: "StageOutputs",
      actions: ["s3:GetObject", ...WRITE],
      resources: [`${curated.arn}/${STAGING_PREFIX}*`],
    },
    {
      // a replay may need fewer names than the commit that it replaces
      sid: "PublishOutputs",
      actions: ["s3:GetObject", ...WRITE, "s3:DeleteObject"],
      resources: [`${curated.arn}/tables/${LEDGER_DATASET}/*`, `${quarantine.arn}/${MALFORMED_PREFIX}*`],
    },
    {
      sid: "QuarantineFiles",
      actions: WRITE,
      resources: [`${quarantine.arn}/quarantine/${LEDGER_DATASET}/*`],
    },
    {
      // S3 answers 403 instead of 404 for a missing key to those who may not list, and a read has no prefix to allow
      sid: "TellMissingFromForbidden",
      actions: ["s3:ListBucket", "s3:ListBucketVersions"],
      resources: [raw.arn, curated.arn, quarantine.arn],
    },
    admitColumns(ledger.control, [LEDGER_DATASET]),
    putOwnEvents("PutPublished", environment),
    useKey(storage.key.arn, environment.region, "s3", "read-write"),
  ];
}

/**
 * Statements to archive a raw file: moving takes a copy and the deletion of that version alone; tagging
 * neither.
 */
function archive({ environment, storage }: LedgerResources): PolicyStatement[] {
  const versions = [`${storage.raw.arn}/${RAW_JSON_PREFIX}*`];
  if (environment.ledger.batch.archive === "tag") {
    return [{ sid: "TagProcessed", actions: ["s3:PutObjectVersionTagging"], resources: versions }];
  }
  return [
    { sid: "KeepProcessed", actions: WRITE, resources: [`${storage.raw.arn}/${PROCESSED_PREFIX}*`] },
    { sid: "RemoveProcessed", actions: ["s3:DeleteObjectVersion"], resources: versions },
  ];
}

function connections({ environment, network }: LedgerResources): PolicyStatement[] {
  const { account, region } = environment;
  return useConnections({
    account,
    region,
    connectionNames: environment.network.zones.map((zone) => ledgerConnectionName(environment, zone)),
    subnetArns: network.privateSubnets.map((subnet) => subnet.arn),
    securityGroupArn: network.workloads.arn,
  });
}
