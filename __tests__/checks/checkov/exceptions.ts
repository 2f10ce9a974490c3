import type { Exception } from "../reviewed";

const FUNCTIONS = /(dev|staging|prod)-(compute|ledger|observability) \S+_function/;
const SYNCHRONOUS =
  /\S+-(compute|ledger) (declared-columns|ledger_(operator|registrar|starter)|migrator|untaken-objects_finder|lake-audit_keeper)_function/;
const EVENTS =
  /\S+-(compute|observability) (uploads-\S+|manifests_\S+|control-plane|alert-forwarder)_function/;
const OUTSIDE =
  /\S+-(compute|observability) (declared-columns|uploads-\S+|manifests_\S+|control-plane|ledger_starter|untaken-objects_finder|lake-audit_keeper|alert-forwarder)_function/;
const BUCKETS = /(dev|staging|prod)-storage \S+_bucket/;

/** Findings of checkov that stay, by rule. What is left to a setting names the setting. */
export const EXCEPTIONS: readonly Exception[] = [
  // functions
  {
    rule: "CKV_AWS_115",
    where: /(dev|staging)-(compute|ledger) \S+_function/,
    reason: "functions.reserve: in prod, whose account has room for it",
  },
  {
    rule: "CKV_AWS_115",
    where: /prod-(compute declared-columns|ledger migrator|observability alert-forwarder)_function/,
    reason: "a deploy or a single alert calls it: what is reserved is taken from the others for good",
  },
  {
    rule: "CKV_AWS_116",
    where: SYNCHRONOUS,
    reason: "their callers wait for the answer, or their next round makes up for one that failed",
  },
  {
    rule: "CKV_AWS_116",
    where: EVENTS,
    reason: "failed events go to the queue of an on-failure destination, which also tells the reason",
  },
  {
    rule: "CKV_AWS_117",
    where: OUTSIDE,
    reason: "only what speaks to PostgreSQL runs in the VPC; elsewhere it would take a way out, for nothing",
  },
  {
    rule: "CKV_AWS_173",
    where: FUNCTIONS,
    reason: "variables are names and numbers, no secrets; Lambda's own key encrypts them",
  },
  {
    rule: "CKV_AWS_272",
    where: FUNCTIONS,
    reason:
      "bundles are named by their SHA-256, in a bucket that denies their prefix to all roles but the deployer's",
  },
  {
    rule: "CKV_AWS_50",
    where: FUNCTIONS,
    reason: "the logs of a function and a job name file, version and run, so no trace has to join them",
  },
  // logs and schedules
  {
    rule: "CKV_AWS_338",
    where: /(dev|staging)-(network|ledger|compute) \S+_log-group\S*/,
    reason: "logs.retentionDays: a year in prod, less where nobody is asked what happened a year ago",
  },
  {
    rule: "CKV_AWS_297",
    where: /\S+-compute \S+-schedule/,
    reason: "their input is a constant, no data; EventBridge Scheduler's own key encrypts it",
  },
  // buckets
  {
    rule: "CKV_AWS_144",
    where: BUCKETS,
    reason: "nothing is copied to another region, for the reasons in docs/security.md",
  },
  {
    rule: "CKV_AWS_145",
    where: /\S+-storage access-logs_bucket/,
    reason: "S3 delivers access logs to a bucket under its own key only",
  },
  {
    rule: "CKV_AWS_21",
    where: /\S+-storage results_bucket/,
    reason: "results of queries have new names each time, can be had again, and expire",
  },
  {
    rule: "CKV2_AWS_62",
    where: BUCKETS,
    reason:
      "the compute stack has the notifications of raw and manifests, which checkov does not join; the rest has no listener",
  },
  // the trail of data events
  {
    rule: "CKV_AWS_35",
    where: /prod-storage data-events/,
    reason:
      "it names objects and callers, as the access logs in the same bucket do, under the same key of S3's",
  },
  {
    rule: "CKV_AWS_67",
    where: /prod-storage data-events/,
    reason: "it records these buckets, which are in one region; the account's own trail is its owner's",
  },
  {
    rule: "CKV_AWS_252",
    where: /prod-storage data-events/,
    reason: "nobody waits for a new log file; they are read when something is asked",
  },
  {
    rule: "CKV2_AWS_10",
    where: /prod-storage data-events/,
    reason: "data events of a lake are many and CloudWatch Logs is dear; Athena reads them where they are",
  },
  // PostgreSQL
  {
    rule: "CKV_AWS_118",
    where: /(dev|staging)-ledger postgres_managed_instance/,
    reason: "ledger.postgres.monitoringSeconds: in prod; elsewhere Performance Insights says enough",
  },
  {
    rule: "CKV_AWS_157",
    where: /(dev|staging)-ledger postgres_managed_instance/,
    reason:
      "ledger.postgres.multiZone: in prod; elsewhere a day without a ledger costs less than a second server",
  },
  {
    rule: "CKV_AWS_293",
    where: /dev-ledger postgres_managed_instance/,
    reason: "deletionGuard: dev is destroyed and made anew",
  },
  // network
  ...["CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260"].map((rule) => ({
    rule,
    where: /\S+-network workloads-from-themselves/,
    reason: "the rule admits its own group, no address; checkov takes the missing address for any",
  })),
  {
    rule: "CKV2_AWS_5",
    where: /\S+-network workloads/,
    reason:
      "functions, connections and the server of other stacks are in the group, which checkov does not join",
  },
];
