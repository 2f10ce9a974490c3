import type { ResourceChange } from "../plan-json";
import { type Members, membersOf } from "./objects";

/** What a resource that holds something has against its end; undefined for nothing. */
type Guard = (values: Members) => string | undefined;

const deletionProtection: Guard = ({ deletion_protection, deletion_protection_enabled }) =>
  deletion_protection || deletion_protection_enabled
    ? "its deletion protection, which fails the apply"
    : undefined;

const none: Guard = () => undefined;

/** Kinds of resources that hold what no apply brings back. */
const STATEFUL: Readonly<Record<string, Guard>> = {
  aws_s3_bucket: ({ force_destroy }) =>
    force_destroy ? undefined : "S3, while the bucket has objects (`force_destroy` is off)",
  aws_s3_directory_bucket: none,
  aws_dynamodb_table: deletionProtection,
  aws_db_instance: deletionProtection,
  aws_rds_cluster: deletionProtection,
  aws_kms_key: ({ deletion_window_in_days }) =>
    `nothing, but KMS waits ${Number(deletion_window_in_days ?? 30)} days, in which it can be called back`,
  aws_sqs_queue: none,
  aws_sns_topic: none,
  aws_kinesis_stream: none,
  aws_kinesis_firehose_delivery_stream: none,
  aws_cloudwatch_log_group: ({ skip_destroy }) =>
    skip_destroy ? "`skip_destroy`, which leaves it" : undefined,
  aws_cloudwatch_event_archive: none,
  aws_glue_catalog_database: none,
  aws_glue_catalog_table: none,
  aws_secretsmanager_secret: ({ recovery_window_in_days }) =>
    Number(recovery_window_in_days) === 0
      ? undefined
      : `nothing, but it can be called back for ${Number(recovery_window_in_days ?? 30)} days`,
  aws_ebs_volume: none,
  aws_efs_file_system: none,
  aws_cloudtrail_event_data_store: deletionProtection,
};

export function isStateful(type: string): boolean {
  return type in STATEFUL;
}

/**
 * What stops the end of a stateful resource, in Markdown.
 * @param guarded addresses, without keys, that have `prevent_destroy`
 */
export function guardOf(resource: ResourceChange, guarded: ReadonlySet<string>): string {
  const { type, name, change, action_reason } = resource;
  if (guarded.has(`${type}.${name}`)) return "`prevent_destroy`: Terraform refuses this plan";
  const guard = STATEFUL[type]?.(membersOf(change.before));
  const isGone = action_reason === "delete_because_no_resource_config";
  const lost = isGone ? " (a `prevent_destroy` would have gone with its code)" : "";
  return `${guard ?? "**nothing**"}${lost}`;
}
