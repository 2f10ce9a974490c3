/** Rules between settings, which no single setting's range can say. */
import type { z } from "zod";
import { expectedAt } from "../../runtime/expected";
import {
  neededExecutions,
  type ReservationSettings,
  reservedConcurrency,
  UNRESERVED_EXECUTIONS,
} from "./functions";
import { LEDGER_RULES } from "./ledger-rules";
import { MOST_STREAM_WORKERS } from "./manifests";
import { DEPLOYMENT_TAG } from "./names";
import { PIPELINES, type Pipeline } from "./pipelines";
import { nodeAt, placeOf, settingTree } from "./problems";
import { type Lookup, type Rule, valueAt } from "./rule";
import { USAGE_RULES } from "./usage";
import { WORKER_GROUPS, WORKER_PROFILES, workersAt } from "./workers";

/** Tags that every stack sets by itself. */
const OWN_TAGS: readonly string[] = ["project", "environment", DEPLOYMENT_TAG, "layer", "managed-by"];
/** Maximum number of tags: AWS takes fifty a resource; some resources have a Name as well. */
const MAX_TAGS = 44;

const RAW_NONCURRENT_DAYS = "storage.lifecycle.raw.noncurrentDays";
/**
 * Days by which S3 may carry out an expiry late.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations (2026-11-29)
 */
const EXPIRY_LAG_DAYS = 7;

/**
 * Maximum batch that Lambda takes from a queue without a batching window.
 *
 * @see https://docs.aws.amazon.com/cdk/api/latest/python/aws_cdk.aws_lambda_event_sources/SqsEventSourceProps.html (2026-11-29)
 */
const MAX_WITHOUT_WINDOW = 10;

/**
 * The one zone that gets no subnet: it takes no functions in a VPC and no newer instance classes, and many services have
 * no endpoint there.
 *
 * @see https://github.com/keboola/developer-portal/issues/81 (2026-11-30)
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-msk-cluster-brokernodegroupinfo.html (2026-11-30)
 */
const UNUSABLE_ZONE = "use1-az3";

const BUILDER_RESERVED = "functions.reservedConcurrency.manifests-builder";
const BUILDER_CONCURRENCY = "manifests.eventSource.maximumConcurrency";
const ACCOUNT_CONCURRENCY = "functions.accountConcurrency";

const RULES: readonly Rule[] = [
  {
    path: "tags",
    against: [],
    got: reservedTags,
    expected: (value) =>
      reservedTags(value).length > 0
        ? `keys of at most 128 characters other than ${OWN_TAGS.join(", ")} and aws:…`
        : undefined,
  },
  {
    path: "tags",
    against: [],
    got: (value) => tagsOf(value).length,
    expected: (value) => (tagsOf(value).length > MAX_TAGS ? `at most ${MAX_TAGS} tags` : undefined),
  },
  {
    path: "network.cidr",
    against: [],
    expected: (value) => {
      const block = String(value("network.cidr"));
      const first = networkOf(block);
      return block === first ? undefined : `${first}, where that block begins`;
    },
  },
  {
    path: "network.zones",
    against: ["region"],
    expected: (value) => {
      const zones = value("network.zones") as readonly string[];
      const ids = zones.filter((zone) => zone.length > 1);
      if (ids.length === 0) return undefined;
      const region = regionCode(String(value("region")));
      if (ids.length < zones.length)
        return "letters alone or ids alone (a letter may be a zone that an id names)";
      if (ids.includes(UNUSABLE_ZONE)) {
        return `zones other than ${UNUSABLE_ZONE} (Lambda takes no subnet there, and endpoints and instance classes are missing)`;
      }
      return ids.every((zone) => zone.startsWith(`${region}-`))
        ? undefined
        : `ids that begin with ${region}- (zones of ${value("region")})`;
    },
  },
  {
    path: "uploads.workers.maximum",
    against: ["uploads.workers.number"],
    expected: (value) =>
      number(value("uploads.workers.maximum")) < number(value("uploads.workers.number"))
        ? `at least ${value("uploads.workers.number")} (uploads.workers.number)`
        : undefined,
  },
  {
    path: "uploads.settleSeconds",
    against: ["uploads.timeoutMinutes"],
    expected: (value) => {
      const end = 60 * number(value("uploads.timeoutMinutes"));
      return number(value("uploads.settleSeconds")) >= end
        ? `less than ${end} (uploads.timeoutMinutes in seconds: it ends the run)`
        : undefined;
    },
  },
  {
    path: "uploads.supersededDays",
    against: [RAW_NONCURRENT_DAYS],
    expected: (value) => {
      const least = number(value(RAW_NONCURRENT_DAYS)) + EXPIRY_LAG_DAYS;
      return number(value("uploads.supersededDays")) < least
        ? `at least ${least} (${EXPIRY_LAG_DAYS} more than ${RAW_NONCURRENT_DAYS}: a version that is forgotten and still in the raw bucket would be taken for a new upload)`
        : undefined;
    },
  },
  {
    // said by a profile: the setting itself takes no more
    path: "manifests.workers.number",
    against: ["glue.profiles"],
    expected: (value) =>
      number(value("manifests.workers.number")) > MOST_STREAM_WORKERS
        ? `at most ${MOST_STREAM_WORKERS} (of a profile, too: \`tributary manifests scale\` takes no more)`
        : undefined,
  },
  {
    path: "manifests.eventSource.batchSize",
    against: ["manifests.eventSource.windowSeconds"],
    expected: (value) =>
      number(value("manifests.eventSource.batchSize")) > MAX_WITHOUT_WINDOW &&
      number(value("manifests.eventSource.windowSeconds")) < 1
        ? `at most ${MAX_WITHOUT_WINDOW} (Lambda's limit while manifests.eventSource.windowSeconds is 0)`
        : undefined,
  },
  {
    path: BUILDER_RESERVED,
    against: ["functions.reserve", BUILDER_CONCURRENCY, "pipelines"],
    expected: (value) => {
      const [reserved, delivered] = [value(BUILDER_RESERVED), number(value(BUILDER_CONCURRENCY))];
      const isThere = (value("pipelines") as readonly string[]).includes("manifests");
      return isThere &&
        value("functions.reserve") === true &&
        reserved !== undefined &&
        number(reserved) < delivered
        ? `at least ${delivered} (${BUILDER_CONCURRENCY}: each delivery beyond what is reserved is refused, and counts towards the dead-letter queue)`
        : undefined;
    },
  },
  {
    path: ACCOUNT_CONCURRENCY,
    against: ["functions.reserve", "functions.reservedConcurrency", BUILDER_CONCURRENCY, "pipelines"],
    expected: (value) => {
      const needed = neededExecutions(reservationSettings(value));
      return number(value(ACCOUNT_CONCURRENCY)) < needed
        ? `at least ${needed} (functions.reservedConcurrency: ${needed - UNRESERVED_EXECUTIONS} together, and the ${UNRESERVED_EXECUTIONS} that Lambda keeps unreserved), or functions.reserve: false`
        : undefined;
    },
  },
  {
    path: "storage.versioning",
    against: [],
    expected: (value) =>
      (value("storage.versioning") as readonly string[]).includes("raw")
        ? undefined
        : 'a list with "raw" (its version ids identify the uploads)',
  },
  {
    path: "storage.forceDestroy",
    against: ["deletionGuard"],
    expected: (value) =>
      value("storage.forceDestroy") === true && value("deletionGuard") === true
        ? "false (deletionGuard is true; lift the guard first)"
        : undefined,
  },
  ...LEDGER_RULES,
  ...USAGE_RULES,
];

/**
 * Finds problems between settings; it leaves out settings that an issue already names, and those of pipelines that are
 * off. Of settings that do not fit their schema, `unfit` says what, and has the defaults.
 */
export function brokenRules(
  environment: string,
  data: unknown,
  unfit?: { readonly schema: z.ZodType; readonly issues: readonly z.core.$ZodIssue[] },
): string[] {
  // what fits has its defaults
  const tree = unfit && settingTree(unfit.schema);
  const issues = unfit?.issues ?? [];
  const bad = issues
    .filter((issue) => issue.code !== "unrecognized_keys")
    .map((issue) => issue.path.map(String));
  const said: Lookup = (path) => valueAt(data, path) ?? (tree && nodeAt(tree, path.split("."))?.default);
  const lookup: Lookup = (path) => said(path) ?? ofWorkers(said, path);
  const on: readonly Pipeline[] = touched("pipelines", bad) ? [] : (lookup("pipelines") as Pipeline[]);
  return RULES.filter(
    ({ path, against }) => isJudged(path, on) && [path, ...against].every((each) => !touched(each, bad)),
  ).flatMap((rule) => {
    const wanted = rule.expected(lookup);
    const got = rule.got ?? ((value) => value(rule.path));
    return wanted === undefined
      ? []
      : [expectedAt(placeOf(environment, rule.path.split(".")), wanted, got(lookup))];
  });
}

/** Returns whether a rule counts: one on a pipeline's own settings does where that pipeline is on. */
function isJudged(path: string, on: readonly Pipeline[]): boolean {
  const [group = ""] = path.split(".");
  const pipeline = PIPELINES.find((each) => each === group);
  return pipeline === undefined || on.includes(pipeline);
}

/** Returns whether an issue is about the setting, a part of it, or a group that contains it. */
function touched(path: string, bad: readonly string[][]): boolean {
  const steps = path.split(".");
  return bad.some((issue) => issue.slice(0, steps.length).every((step, index) => step === steps[index]));
}

/** What the profile of a job's workers has for a setting of them that is left out. */
function ofWorkers(said: Lookup, path: string): unknown {
  const group = WORKER_GROUPS.find((each) => path.startsWith(`${each}.`));
  // a profile that there is not is told by itself
  if (group === undefined || !(String(said(`${group}.profile`)) in WORKER_PROFILES)) return undefined;
  return valueAt(workersAt(said, group), path.slice(group.length + 1));
}

function reservationSettings(value: Lookup): ReservationSettings {
  const names = Object.keys(reservedConcurrency.shape) as (keyof typeof reservedConcurrency.shape)[];
  const numbers = names.flatMap((name) => {
    const given = value(`functions.reservedConcurrency.${name}`);
    return given === undefined ? [] : [[name, given]];
  });
  return {
    pipelines: value("pipelines") as Pipeline[],
    functions: {
      reserve: value("functions.reserve") === true,
      reservedConcurrency: Object.fromEntries(numbers),
    },
    manifests: { eventSource: { maximumConcurrency: number(value(BUILDER_CONCURRENCY)) } },
  };
}

function tagsOf(value: Lookup): string[] {
  return Object.keys(value("tags") as Readonly<Record<string, string>>);
}

function reservedTags(value: Lookup): string[] {
  return tagsOf(value).filter((key) => OWN_TAGS.includes(key) || /^aws:/i.test(key) || key.length > 128);
}

/** The region as ids of its zones abbreviate it: `apse2` of `ap-southeast-2`. */
function regionCode(region: string): string {
  const [area = "", direction = "", number = ""] = region.split("-");
  return `${area}${direction.replaceAll(/(north|south|east|west|central)/g, (word) => word.charAt(0))}${number}`;
}

/** The block with its first address, as AWS would write it. */
function networkOf(block: string): string {
  const [address = "", length = ""] = block.split("/");
  const size = 2 ** (32 - Number(length));
  const value = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const first = value - (value % size);
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${bytes.join(".")}/${length}`;
}

function number(value: unknown): number {
  return Number(value);
}
