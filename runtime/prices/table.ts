/**
 * Every price that the platform computes with: list prices of us-east-1 in US dollars, without free tiers, discounts and
 * tax. Plain data; nothing else in the repository has a price of its own.
 */
export const PRICE_REGION = "us-east-1";

export interface Price {
  readonly service: string;
  /** What is paid for, as `requests`. */
  readonly what: string;
  readonly dollars: number;
  /** Number of units that `dollars` are for. */
  readonly per: number;
  readonly unit: string;
  /** Day on which the figure was last compared with its source. */
  readonly date: string;
  readonly source: string;
}

const S3 = {
  service: "S3",
  date: "2026-12-01",
  source: "https://devnotes.tech/understanding-aws-s3-pricing-a-complete-cost-breakdown-with-examples",
} as const;
const S3_TIER = { ...S3, per: 1, unit: "GB-month", source: "http://my.globalxperts.net/?p=5330" } as const;
const S3_ARCHIVE = {
  ...S3,
  per: 1,
  source: "https://www.usage.ai/blogs/aws/storage-cost/glacier-deep-archive-pricing/",
} as const;
const RDS = {
  service: "RDS",
  per: 1,
  date: "2026-11-30",
  source: "https://infratally.com/articles/aws-rds-pricing-explained-2026.html",
} as const;
const SERVER = { ...RDS, unit: "hour" } as const;
const CLOUDWATCH = {
  service: "CloudWatch",
  per: 1,
  date: "2026-12-01",
  source: "https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/",
} as const;
const DYNAMODB = {
  service: "DynamoDB",
  date: "2026-12-01",
  source: "https://airbyte.com/data-engineering-resources/dynamodb-pricing",
} as const;
const VPC = {
  service: "VPC",
  unit: "hour",
  per: 1,
  date: "2026-12-01",
  source: "https://cloudburn.io/blog/aws-nat-gateway-pricing",
} as const;
const LAMBDA = {
  service: "Lambda",
  date: "2026-12-01",
  source: "https://aws.amazon.com/lambda/pricing/",
} as const;
const EVENTBRIDGE = {
  service: "EventBridge",
  per: 1_000_000,
  date: "2026-12-01",
  source: "https://cloudburn.io/blog/amazon-eventbridge-pricing",
} as const;

/** Managed servers in one zone, by instance class; a standby doubles them. */
export const SERVER_PRICES: Readonly<Record<string, Price>> = {
  "db.t4g.micro": { ...SERVER, what: "server db.t4g.micro", dollars: 0.016 },
  "db.t4g.small": { ...SERVER, what: "server db.t4g.small", dollars: 0.032 },
  "db.t4g.medium": { ...SERVER, what: "server db.t4g.medium", dollars: 0.065 },
  "db.m7g.large": { ...SERVER, what: "server db.m7g.large", dollars: 0.168 },
};

export const PRICES = {
  glueHour: {
    service: "Glue",
    what: "jobs",
    dollars: 0.44,
    per: 1,
    unit: "DPU hour",
    date: "2026-12-01",
    source: "https://aws.amazon.com/glue/pricing/",
  },
  glueFlexHour: {
    service: "Glue",
    what: "runs of the class FLEX",
    dollars: 0.29,
    per: 1,
    unit: "DPU hour",
    date: "2026-12-01",
    source: "https://aws.amazon.com/glue/pricing/",
  },
  serverStorage: {
    ...RDS,
    what: "gp3 in one zone",
    dollars: 0.115,
    unit: "GB-month",
    date: "2026-12-01",
    source: "https://www.usage.ai/blogs/aws/reserved-instances/rds/pricing-calculator/",
  },
  serverBackup: {
    ...RDS,
    what: "backups beyond the storage's size",
    dollars: 0.095,
    unit: "GB-month",
    date: "2026-12-01",
    source: "https://www.usage.ai/blogs/aws/reserved-instances/rds/pricing-calculator/",
  },
  natGateway: { ...VPC, what: "NAT gateway", dollars: 0.045 },
  publicAddress: { ...VPC, what: "public IPv4 address", dollars: 0.005 },
  interfaceEndpoint: {
    ...VPC,
    what: "interface endpoint in a zone",
    dollars: 0.01,
    source: "https://awsnegotiations.com/privatelink-cost-analysis.html",
  },
  key: {
    service: "KMS",
    what: "key",
    dollars: 1,
    per: 1,
    unit: "month",
    date: "2026-12-01",
    source: "https://aws.amazon.com/kms/pricing/",
  },
  secret: {
    service: "Secrets Manager",
    what: "secret",
    dollars: 0.4,
    per: 1,
    unit: "month",
    date: "2026-12-01",
    source: "https://hivebook.wiki/wiki/aws-secrets-manager-rotated-secrets-dynamic-db-credentials-kms",
  },
  alarm: {
    ...CLOUDWATCH,
    what: "alarm",
    dollars: 0.1,
    unit: "month",
    source: "https://c3x.dev/resources/aws/aws_cloudwatch_metric_alarm",
  },
  dashboard: { ...CLOUDWATCH, what: "dashboard", dollars: 3, unit: "month" },
  metric: {
    ...CLOUDWATCH,
    what: "metric",
    dollars: 0.3,
    unit: "month",
    source: "https://signoz.io/guides/cloudwatch-pricing",
  },
  logs: { ...CLOUDWATCH, what: "log events taken in", dollars: 0.5, unit: "GB" },
  queueRequest: {
    service: "SQS",
    what: "requests",
    dollars: 0.4,
    per: 1_000_000,
    unit: "requests",
    date: "2026-12-01",
    source: "https://cloudburn.io/blog/amazon-sqs-pricing",
  },
  invocation: { ...LAMBDA, what: "invocations", dollars: 0.2, per: 1_000_000, unit: "invocations" },
  functionTime: { ...LAMBDA, what: "time on arm64", dollars: 0.000_013_333_4, per: 1, unit: "GB-second" },
  event: { ...EVENTBRIDGE, what: "events", dollars: 1, unit: "events" },
  scheduled: { ...EVENTBRIDGE, what: "Scheduler", dollars: 1, unit: "starts" },
  tableWrite: { ...DYNAMODB, what: "writes on demand", dollars: 0.625, per: 1_000_000, unit: "write units" },
  tableRead: { ...DYNAMODB, what: "reads on demand", dollars: 0.125, per: 1_000_000, unit: "read units" },
  tableStorage: {
    ...DYNAMODB,
    what: "storage",
    dollars: 0.25,
    per: 1,
    unit: "GB-month",
    source: "https://aws.amazon.com/dynamodb/pricing/",
  },
  tableRecovery: {
    ...DYNAMODB,
    what: "recovery to any second",
    dollars: 0.2,
    per: 1,
    unit: "GB-month",
    source: "https://finops.com.py/services/dynamodb/backups",
  },
  put: { ...S3, what: "PUT, COPY, LIST", dollars: 0.005, per: 1000, unit: "requests" },
  get: { ...S3, what: "GET", dollars: 0.0004, per: 1000, unit: "requests" },
  tag: {
    ...S3,
    what: "tags",
    dollars: 0.01,
    per: 10_000,
    unit: "tag-months",
    source: "https://cloudmaterials.com/en/blog-entry/s3-object-tagging-overview",
  },
  tiering: {
    ...S3,
    what: "moves to Intelligent-Tiering",
    dollars: 0.01,
    per: 1000,
    unit: "objects",
    source: "https://www.demo.wlid.nl/s3-storage-classes.html",
  },
  watching: {
    ...S3,
    what: "watched in Intelligent-Tiering",
    dollars: 0.0025,
    per: 1000,
    unit: "object-months",
  },
  storageFirst: { ...S3_TIER, what: "standard class, the first 50 TB", dollars: 0.023 },
  storageNext: { ...S3_TIER, what: "standard class, the next 450 TB", dollars: 0.022 },
  storageOver: { ...S3_TIER, what: "standard class, above 500 TB", dollars: 0.021 },
  instantArchive: { ...S3_ARCHIVE, what: "GLACIER_IR", dollars: 0.004, unit: "GB-month" },
  instantRead: { ...S3_ARCHIVE, what: "reads from GLACIER_IR", dollars: 0.03, unit: "GB" },
  deepArchive: { ...S3_ARCHIVE, what: "DEEP_ARCHIVE", dollars: 0.000_99, unit: "GB-month" },
  scan: {
    service: "Athena",
    what: "bytes that queries scan",
    dollars: 5,
    per: 1,
    unit: "TB",
    date: "2026-12-01",
    source: "https://aws.amazon.com/athena/pricing/",
  },
  dataEvent: {
    service: "CloudTrail",
    what: "data events",
    dollars: 0.1,
    per: 100_000,
    unit: "events",
    date: "2026-12-01",
    source: "https://aws.amazon.com/cloudtrail/pricing/",
  },
} as const satisfies Readonly<Record<string, Price>>;

/** All prices, in the order in which a page shows them. */
export function allPrices(): Price[] {
  return [...Object.values(PRICES), ...Object.values(SERVER_PRICES)];
}
