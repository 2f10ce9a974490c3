import { AthenaWorkgroup } from "@cdktf/provider-aws/lib/athena-workgroup";
import { Cloudtrail } from "@cdktf/provider-aws/lib/cloudtrail";
import { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import type { GlueCatalogTable } from "@cdktf/provider-aws/lib/glue-catalog-table";
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import type { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import type { Construct } from "constructs";
import { AuditQueries } from "../../constructs/catalog/audit-queries";
import { AuditTables } from "../../constructs/catalog/audit-tables";
import { DatasetTable } from "../../constructs/catalog/dataset-table";
import { DatedTable } from "../../constructs/catalog/dated-table";
import { IamAccess } from "../../constructs/catalog/iam-access";
import { partitionProjection } from "../../constructs/catalog/partition-projection";
import { CODE_FOLDERS } from "../../constructs/code/code-object";
import { StoredCode } from "../../constructs/code/stored-code";
import { DataBucket, type DataBucketProps, type PrefixLifecycle } from "../../constructs/data-bucket";
import { DeadLetterQueue } from "../../constructs/dead-letter-queue";
import type { EncryptionKey, KeyUser } from "../../constructs/encryption-key";
import type { PolicyStatement } from "../../constructs/policy";
import { denyUnreadableObjects } from "../../constructs/readable-objects";
import { UndeliveredEvents } from "../../constructs/undelivered-events";
import { datasetsOf, outermostPrefixes } from "../../datasets/schema/datasets";
import { SCHEMAS_FOLDER } from "../../datasets/schema/version";
import {
  bucketName,
  databaseName,
  deadLetterQueueName,
  type Environment,
  hasPipeline,
  iamArn,
  type PipelineQueue,
  PROCESSED_TAG,
  processedPrefix,
  queueName,
  queuesOf,
  RAW_JSON_PREFIX,
  resourceName,
  STAGING_PREFIX,
  UNNAMED_TAG,
  undeliveredEventsName,
  workgroupName,
} from "../../environments/schema";
import { AUDIT_PREFIX } from "../../runtime/audit";
import { isSmoke, SMOKE_DATASETS, SMOKE_DAYS, SMOKE_PREFIXES } from "../../runtime/smoke";
import { datedDatasetsOf, plainDatasetsOf } from "../datasets";
import { LayerStack } from "../layer-stack";
import { partOfPipeline } from "../part-of-pipeline";

type BucketClass = Environment["storage"]["versioning"][number];

/** What names a bucket, one that is made here or one that was there before. */
export type NamedBucket = Pick<S3Bucket, "arn" | "bucket" | "id">;

/** Storage layer: keys, buckets, catalog, workgroup, dead-letter queues. */
export class StorageStack extends LayerStack {
  /** Key of files, manifests, tables, quarantine and results of queries. */
  readonly dataKey: EncryptionKey;
  /** Key of the artifacts: roles that run code may decrypt under it, and write nothing. */
  readonly codeKey: EncryptionKey;
  /** Key of queues, topic and log groups, the only one that services use on their own. */
  readonly operationsKey: EncryptionKey;
  readonly raw: NamedBucket;
  readonly curated: S3Bucket;
  readonly quarantine: S3Bucket;
  readonly artifacts: S3Bucket;
  /** Bucket of the results of queries. */
  readonly results: S3Bucket;
  /** Queue of the events that no target of a rule took. */
  readonly undeliveredEvents: SqsQueue;
  readonly workgroup: AthenaWorkgroup;
  private readonly manifestsBucket: S3Bucket | undefined;
  private readonly deadLetters: ReadonlyMap<PipelineQueue, SqsQueue>;
  private readonly accessLogs: DataBucket;

  constructor(scope: Construct, environment: Environment) {
    super(scope, environment, "storage");
    [this.dataKey, this.codeKey, this.operationsKey] = this.keys();
    this.accessLogs = this.accessLogBucket();
    const { lifecycle } = environment.storage;
    this.raw = this.rawBucket();
    this.manifestsBucket = hasPipeline(environment, "manifests")
      ? this.dataBucket("manifests", lifecycle.manifests)
      : undefined;
    this.curated = this.dataBucket("curated", {
      noncurrentDays: lifecycle.curated.noncurrentDays,
      lifecycles: [
        { id: "staging", prefix: STAGING_PREFIX, expireDays: lifecycle.curated.stagingDays },
        // an hour is replaced with each round, and what it was before is no use
        {
          id: "audit",
          prefix: AUDIT_PREFIX,
          expireDays: environment.storage.audit.retentionDays,
          noncurrentDays: 1,
        },
        ...smokeLifecycles([
          ...Object.values(SMOKE_DATASETS).map((name) => `tables/${name}/`),
          `stats/${SMOKE_DATASETS.uploads}/`,
        ]),
      ],
    });
    this.quarantine = this.dataBucket("quarantine", {
      ...lifecycle.quarantine,
      lifecycles: smokeLifecycles([
        `dead-letters/${SMOKE_DATASETS.uploads}/`,
        `dead-letters/${SMOKE_DATASETS.manifests}/`,
        `files/${SMOKE_DATASETS.uploads}/`,
        `quarantine/${SMOKE_DATASETS.ledger}/`,
      ]),
    });
    this.artifacts = this.artifactBucket();
    this.results = this.dataBucket("results", lifecycle.results);
    this.deadLetters = new Map(queuesOf(environment).map((name) => [name, this.deadLetterQueue(name)]));
    this.undeliveredEvents = this.undeliveredEventQueue();
    this.workgroup = this.athenaWorkgroup();
    this.catalog();
    if (environment.storage.cloudtrailDataEvents) this.dataEventTrail();
  }

  /** Bucket of manifests and receipts. */
  get manifests(): S3Bucket {
    return partOfPipeline(this.manifestsBucket, "the manifests bucket");
  }

  /** Dead-letter queue of a queue: its messages exist nowhere else, and must outlive the queue's readers. */
  deadLettersOf(queue: PipelineQueue): SqsQueue {
    return partOfPipeline(this.deadLetters.get(queue), `the dead-letter queue of ${queue}`);
  }

  private keys(): [EncryptionKey, EncryptionKey, EncryptionKey] {
    const owner = `${this.environment.project} ${this.environment.name}`;
    return [
      this.encryptionKey("key", "data", { description: `data at rest of ${owner}` }),
      this.encryptionKey("code-key", "code", { description: `code of the jobs and functions of ${owner}` }),
      this.encryptionKey("operations-key", "operations", {
        description: `messages, alerts and logs of ${owner}`,
        users: ["s3", ...fromTopic(this.environment), "events", "cloudwatch", "budgets", "logs"],
      }),
    ];
  }

  private get guards() {
    const { tlsOnly, forceDestroy } = this.environment.storage;
    return { tlsOnly, forceDestroy, preventDestroy: this.environment.deletionGuard };
  }

  /**
   * Builds the bucket of access logs: with SSE-S3, since S3 writes access logs under no other encryption, and
   * without access logs of its own, which would never end. It keeps versions, and no Object Lock: S3 delivers to no
   * bucket that has it.
   *
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_s3Buckets_LoggingEnabled.html (2026-11-30)
   * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html (2026-11-30)
   */
  private accessLogBucket(): DataBucket {
    return new DataBucket(this, "access-logs", {
      bucketName: bucketName(this.environment, "access-logs"),
      versioned: true,
      ...this.environment.storage.lifecycle.accessLogs,
      ...this.guards,
      statements: (bucket) => [
        ...this.accessLogDelivery(bucket),
        ...(this.environment.storage.cloudtrailDataEvents ? this.trailDelivery(bucket) : []),
      ],
    });
  }

  private dataBucket(
    name: BucketClass | "results",
    props: Pick<DataBucketProps, "keyArn" | "expireDays" | "noncurrentDays" | "lifecycles" | "statements">,
  ): S3Bucket {
    return new DataBucket(this, name, {
      bucketName: bucketName(this.environment, name),
      keyArn: this.dataKey.arn,
      versioned: this.environment.storage.versioning.some((each) => each === name),
      accessLogs: this.accessLogs,
      ...props,
      ...this.guards,
    }).bucket;
  }

  /** Makes the raw bucket, or names the one that was there before: on that, nothing is set. */
  private rawBucket(): NamedBucket {
    const { existing } = this.environment.storage.raw;
    if (existing !== undefined) {
      return { arn: `arn:aws:s3:::${existing.bucket}`, bucket: existing.bucket, id: existing.bucket };
    }
    return this.dataBucket("raw", {
      lifecycles: rawLifecycles(this.environment),
      statements: ({ arn }) => [
        ...denyUnreadableObjects(`${arn}/*`, this.dataKey.arn),
        denyOwnTag(`${arn}/*`),
      ],
    });
  }

  private artifactBucket(): S3Bucket {
    const { unnamedDays, noncurrentDays } = this.environment.storage.lifecycle.artifacts;
    return this.dataBucket("artifacts", {
      noncurrentDays,
      lifecycles: StoredCode.FOLDERS.map((folder) => ({
        id: `unnamed-${folder}`,
        prefix: `${folder}/`,
        tag: UNNAMED_TAG,
        expireDays: unnamedDays,
      })),
      keyArn: this.codeKey.arn,
      statements: ({ arn }) => [
        {
          sid: "DenyCodeToOthers",
          effect: "Deny",
          principal: "*",
          // a tag begins the code's lifecycle
          actions: [
            "s3:PutObject",
            "s3:PutObjectTagging",
            "s3:DeleteObject",
            "s3:DeleteObjectTagging",
            "s3:DeleteObjectVersion",
          ],
          resources: [...CODE_FOLDERS, SCHEMAS_FOLDER].map((folder) => `${arn}/${folder}/*`),
          condition: this.othersThanDeployers(),
        },
      ],
    });
  }

  /**
   * Condition that finds all but the deployers and the account's owner. Where no deployer is named, it finds the
   * environment's own roles, for who else deploys is unknown: a stolen one of them still changes no code.
   *
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (2026-11-30)
   */
  private othersThanDeployers(): NonNullable<PolicyStatement["condition"]> {
    const { account, deployers } = this.environment;
    if (deployers.length === 0) {
      const own = iamArn(this.environment, "role", resourceName(this.environment, "*"));
      return { ArnLike: { "aws:PrincipalArn": own } };
    }
    const roles = deployers.map((role) => `arn:aws:iam::${account}:role/${role}`);
    const admitted = [...roles, `arn:aws:iam::${account}:root`];
    return { ArnNotLike: { "aws:PrincipalArn": admitted } };
  }

  private accessLogDelivery(bucket: S3Bucket): PolicyStatement[] {
    return [
      {
        sid: "S3WritesAccessLogs",
        principal: { Service: "logging.s3.amazonaws.com" },
        actions: ["s3:PutObject"],
        resources: [`${bucket.arn}/s3/*`],
        condition: { StringEquals: { "aws:SourceAccount": this.environment.account } },
      },
    ];
  }

  private get trailName(): string {
    return resourceName(this.environment, "data-events");
  }

  private trailDelivery(bucket: S3Bucket): PolicyStatement[] {
    const { account, region } = this.environment;
    const principal = { Service: "cloudtrail.amazonaws.com" };
    const trail = {
      "aws:SourceAccount": account,
      "aws:SourceArn": `arn:aws:cloudtrail:${region}:${account}:trail/${this.trailName}`,
    };
    return [
      {
        sid: "CloudtrailChecksBucket",
        principal,
        actions: ["s3:GetBucketAcl"],
        resources: [bucket.arn],
        condition: { StringEquals: trail },
      },
      {
        sid: "CloudtrailWritesEvents",
        principal,
        actions: ["s3:PutObject"],
        resources: [`${bucket.arn}/cloudtrail/AWSLogs/${account}/*`],
        condition: { StringEquals: { ...trail, "s3:x-amz-acl": "bucket-owner-full-control" } },
      },
    ];
  }

  private dataEventTrail(): void {
    new Cloudtrail(this, "data-events", {
      name: this.trailName,
      s3BucketName: this.accessLogs.bucket.id,
      s3KeyPrefix: "cloudtrail",
      enableLogFileValidation: true,
      includeGlobalServiceEvents: false,
      eventSelector: [
        {
          readWriteType: "All",
          includeManagementEvents: false,
          dataResource: [
            {
              type: "AWS::S3::Object",
              values: [this.raw, this.curated, this.quarantine].map((bucket) => `${bucket.arn}/`),
            },
          ],
        },
      ],
      // CloudTrail refuses a bucket whose policy does not admit it yet
      ...(this.accessLogs.policy && { dependsOn: [this.accessLogs.policy] }),
    });
  }

  private deadLetterQueue(source: PipelineQueue): SqsQueue {
    const { account, region, storage } = this.environment;
    return new DeadLetterQueue(this, `dead-letters-${source}`, {
      queueName: deadLetterQueueName(this.environment, source),
      sourceQueueName: queueName(this.environment, source),
      keyArn: this.operationsKey.arn,
      account,
      region,
      tlsOnly: storage.tlsOnly,
    }).queue;
  }

  private undeliveredEventQueue(): SqsQueue {
    const { account, region, storage } = this.environment;
    return new UndeliveredEvents(this, "undelivered-events", {
      queueName: undeliveredEventsName(this.environment),
      ruleNames: resourceName(this.environment, "*"),
      keyArn: this.operationsKey.arn,
      account,
      region,
      tlsOnly: storage.tlsOnly,
    }).queue;
  }

  private catalog(): void {
    const database = new GlueCatalogDatabase(this, "database", {
      name: databaseName(this.environment),
      description: `tables of ${this.environment.project} ${this.environment.name}`,
      lifecycle: { preventDestroy: this.environment.deletionGuard },
    });
    const tables = [...this.tables(database), ...this.auditTables(database)];
    if (this.environment.storage.lakeFormation === "iam")
      new IamAccess(this, "iam-access", { database, tables });
  }

  private tables(database: GlueCatalogDatabase): GlueCatalogTable[] {
    const { firstYear: first, lastYear: last } = this.environment.ledger.batch;
    const common = { database, bucket: this.curated, preventDestroy: this.environment.deletionGuard };
    const typed = plainDatasetsOf(this.environment).map((dataset) => {
      // one that comes by batches has new partitions at any time
      const projects = dataset.pipeline === "ledger";
      const projection = projects ? { projection: partitionProjection(dataset, { first, last }) } : {};
      return new DatasetTable(this, `table-${dataset.name}`, { ...common, dataset, ...projection }).table;
    });
    const texts = datedDatasetsOf(this.environment).map(
      (dataset) =>
        new DatedTable(this, `table-${dataset.name}`, {
          ...common,
          dataset,
          databaseName: databaseName(this.environment),
        }).tables,
    );
    return [...typed, ...texts.flat()];
  }

  /** Makes the tables of the audit, and the queries for them. */
  private auditTables(database: GlueCatalogDatabase): readonly GlueCatalogTable[] {
    const { pipelines, deletionGuard, storage } = this.environment;
    new AuditQueries(this, "audit-queries", { database, workgroup: this.workgroup });
    return new AuditTables(this, "audit", {
      database,
      databaseName: databaseName(this.environment),
      bucket: this.curated,
      quarantine: this.quarantine,
      pipelines,
      retentionDays: storage.audit.retentionDays,
      preventDestroy: deletionGuard,
    }).tables;
  }

  private athenaWorkgroup(): AthenaWorkgroup {
    return new AthenaWorkgroup(this, "workgroup", {
      name: workgroupName(this.environment),
      description: `queries on ${this.environment.project} ${this.environment.name}`,
      forceDestroy: this.environment.storage.forceDestroy,
      configuration: {
        enforceWorkgroupConfiguration: true,
        bytesScannedCutoffPerQuery: this.environment.storage.queryGigabytes * 1e9,
        publishCloudwatchMetricsEnabled: true,
        resultConfiguration: {
          outputLocation: `s3://${this.results.bucket}/`,
          encryptionConfiguration: { encryptionOption: "SSE_KMS", kmsKeyArn: this.dataKey.arn },
        },
      },
    });
  }
}

/** SNS as a user of the key of queues, where a topic's messages come to them. */
function fromTopic({ storage }: Environment): KeyUser[] {
  const { existing } = storage.raw;
  return existing === undefined || existing.events === "eventbridge" ? [] : ["sns"];
}

/**
 * Statement that keeps senders from calling their files processed, which the lifecycle would archive unread.
 * The batch job tags versions, an action of its own.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html (2026-11-30)
 */
function denyOwnTag(objects: string): PolicyStatement {
  return {
    sid: "DenyOwnTag",
    effect: "Deny",
    principal: "*",
    actions: ["s3:PutObject"],
    resources: [objects],
    condition: { StringEquals: { [`s3:RequestObjectTag/${PROCESSED_TAG.key}`]: PROCESSED_TAG.value } },
  };
}

/**
 * Lifecycles of the raw bucket. A raw JSON file, and any older version of it, is work until it is processed:
 * no rule by age alone may reach it. So the inputs that expire are named by their dataset's prefix, and processed files
 * by theirs, or by their tag. All rules are there whatever the pipelines: files outlive the one that is switched off.
 */
function rawLifecycles({ storage, ledger }: Environment): PrefixLifecycle[] {
  const { raw, processed } = storage.lifecycle;
  const { tieringDays, noncurrentDays } = raw;
  const ofLedger = outermostPrefixes(datasetsOf("ledger"));
  const { archiveDays, archiveClass, expireDays } = processed;
  const afterwards = {
    tieringDays,
    archive: archiveDays === undefined ? undefined : { days: archiveDays, storageClass: archiveClass },
    expireDays,
    noncurrentDays,
  };
  return [
    ...[...datasetsOf("uploads"), ...datasetsOf("manifests")]
      .filter(({ name }) => !isSmoke(name))
      .map(({ name, prefix }) => ({
        id: `inputs-${name}`,
        prefix,
        tieringDays,
        expireDays: raw.expireDays,
        noncurrentDays,
      })),
    // what was moved before tags were chosen is there still
    ...ofLedger.map((prefix) => ({
      id: prefix === RAW_JSON_PREFIX ? "processed" : `processed-${prefix.slice(0, -1).replaceAll("/", "-")}`,
      prefix: processedPrefix(prefix),
      ...afterwards,
    })),
    ...(ledger.batch.archive === "tag"
      ? ofLedger.map((prefix) => ({
          id: `processed-by-tag-${prefix.slice(0, -1).replaceAll("/", "-")}`,
          prefix,
          tag: PROCESSED_TAG,
          ...afterwards,
        }))
      : []),
    ...smokeLifecycles([...Object.values(SMOKE_PREFIXES), processedPrefix(SMOKE_PREFIXES.ledger)]),
  ];
}

/**
 * Lifecycles of what smoke tests leave. Where another rule keeps the same objects longer, S3 goes by the shorter one.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html (2026-11-30)
 */
function smokeLifecycles(prefixes: readonly string[]): PrefixLifecycle[] {
  return prefixes.map((prefix) => ({
    id: `smoke-${prefix.slice(0, -1).replaceAll(/[/_]/g, "-")}`,
    prefix,
    expireDays: SMOKE_DAYS,
    noncurrentDays: SMOKE_DAYS,
  }));
}
