import { kindOf, type ResourceChange } from "../plan-json";
import { type Difference, UNKNOWN, UNSET } from "./differences";

/** Switches that protect while they are on. */
const ON =
  /(^|\.)(storage_encrypted|encrypted|enable_key_rotation|is_enabled|sqs_managed_sse_enabled|deletion_protection(_enabled)?|block_public_(acls|policy)|ignore_public_acls|restrict_public_buckets|actions_enabled|enable_log_file_validation|enable_logging|is_multi_region_trail|enforce_workgroup_configuration|iam_database_authentication_enabled|skip_destroy)$|(encryption|recovery|versioning|logging)[^.]*(\.[^.]+)*\.enabled$/;
/** Switches that protect while they are off. */
const OFF = /(^|\.)(force_destroy|skip_final_snapshot|bypass_policy_lockout_safety_check)$/;
/** Times for which something is kept: fewer are weaker. */
const KEPT =
  /(^|\.)(retention_in_days|message_retention_seconds|backup_retention_period|recovery_period_in_days|recovery_window_in_days|deletion_window_in_days|retention_period|noncurrent_days|expiration\.days|retention_days)$/;
/** Zero of these is for ever. */
const FOR_EVER = /(^|\.)retention_in_days$/;
/** Settings without which something is kept for ever. */
const EXPIRES = /(^|\.)(noncurrent_days|expiration\.days|retention_in_days)$/;
/** Settings that protect by being there. */
const THERE =
  /(^|\.)(kms_[a-z_]*(key|id|arn)[a-z_]*|kms_key|key_arn|security_configuration|redrive_policy|dead_letter_config(\..+)?|redrive_policy\..+|permissions_boundary|log_destination|target_bucket)$/;
/** Resources that protect by being there. */
const GUARDS =
  /^aws_(s3_bucket_(public_access_block|versioning|server_side_encryption_configuration|logging|object_lock_configuration)|cloudwatch_metric_alarm|cloudtrail|flow_log|guardduty_\w+|budgets_budget|dynamodb_kinesis_streaming_destination|glue_security_configuration|lambda_function_event_invoke_config)$/;

/** Words of settings, the strong one first. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)sse_algorithm$/, "aws:kms"],
  [/versioning_configuration\.status$/, "Enabled"],
  [/\[name=rds\.force_ssl\]\.value$/, "1"],
];

/** Whether a difference weakens encryption, retention or a guard. */
export function isWeaker({ path, before, after }: Difference): boolean {
  if (after === UNKNOWN) return false;
  if (ON.test(path)) return before === "true";
  if (OFF.test(path)) return after === "true";
  if (WORDS.some(([name, strong]) => name.test(path) && before === strong)) return true;
  if (KEPT.test(path)) return isShorter(path, before, after);
  return THERE.test(path) && before !== UNSET && after === UNSET;
}

function isShorter(path: string, before: string, after: string): boolean {
  const [from, to] = [before, after].map((text) => daysOf(path, text));
  return from !== undefined && to !== undefined && to < from;
}

/** Number of a time; undefined where it is AWS's default. */
function daysOf(path: string, text: string): number | undefined {
  const isUnset = text === UNSET || text === "null";
  if ((FOR_EVER.test(path) && text === "0") || (isUnset && EXPIRES.test(path)))
    return Number.POSITIVE_INFINITY;
  return isUnset || Number.isNaN(Number(text)) ? undefined : Number(text);
}

/** Whether a resource that goes was a guard of others. */
export function isLostGuard({ type, change }: ResourceChange): boolean {
  return kindOf(change) === "destroyed" && GUARDS.test(type);
}

/** Whether a difference, or a resource that goes, was a guard against public access. */
export function isPublicGuard(name: string): boolean {
  return /(^|\.)(block_public_(acls|policy)|ignore_public_acls|restrict_public_buckets)$|^aws_s3_bucket_public_access_block$/.test(
    name,
  );
}
