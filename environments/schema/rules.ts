/** Rules between settings, which no single setting's range can say. */
import type { z } from "zod";
import { LEDGER_RULES } from "./ledger-rules";
import { type EnvironmentProblem, nodeAt, pathText, type SettingNode, settingTree } from "./problems";
import type { Lookup, Rule } from "./rule";

/** Tags that every stack sets by itself. */
const OWN_TAGS: readonly string[] = ["project", "environment", "layer", "managed-by"];
/** Maximum number of tags: AWS takes fifty a resource; some resources have a Name as well. */
const MAX_TAGS = 45;

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

const RULES: readonly Rule[] = [
  {
    path: "tags",
    against: [],
    problem: (value) => {
      const keys = Object.keys(value("tags") as Readonly<Record<string, string>>);
      const reserved = keys.filter((key) => OWN_TAGS.includes(key) || /^aws:/i.test(key) || key.length > 128);
      if (reserved.length > 0) {
        return `${JSON.stringify(reserved)} cannot be set here; use keys of at most 128 characters other than ${OWN_TAGS.join(", ")} and aws:…`;
      }
      return keys.length > MAX_TAGS ? `${keys.length} tags; use at most ${MAX_TAGS}` : undefined;
    },
  },
  {
    path: "network.cidr",
    against: [],
    problem: (value) => {
      const block = String(value("network.cidr"));
      const first = networkOf(block);
      return block === first ? undefined : `${JSON.stringify(block)} begins inside its block; use ${first}`;
    },
  },
  {
    path: "uploads.workers.maximum",
    against: ["uploads.workers.number"],
    problem: (value) =>
      number(value("uploads.workers.maximum")) < number(value("uploads.workers.number"))
        ? `${value("uploads.workers.maximum")} is less than uploads.workers.number; use at least ${value("uploads.workers.number")}`
        : undefined,
  },
  {
    path: "uploads.settleSeconds",
    against: ["uploads.timeoutMinutes"],
    problem: (value) =>
      number(value("uploads.settleSeconds")) >= 60 * number(value("uploads.timeoutMinutes"))
        ? `${value("uploads.settleSeconds")} s outlasts the run; use less than uploads.timeoutMinutes, ${value("uploads.timeoutMinutes")} min`
        : undefined,
  },
  {
    path: "uploads.supersededDays",
    against: [RAW_NONCURRENT_DAYS],
    problem: (value) => {
      const least = number(value(RAW_NONCURRENT_DAYS)) + EXPIRY_LAG_DAYS;
      return number(value("uploads.supersededDays")) < least
        ? `${value("uploads.supersededDays")} days forget a version that the raw bucket may still hold, and a sweep would take it for a new upload; use at least ${least}, ${EXPIRY_LAG_DAYS} more than ${RAW_NONCURRENT_DAYS}`
        : undefined;
    },
  },
  {
    path: "manifests.eventSource.batchSize",
    against: ["manifests.eventSource.windowSeconds"],
    problem: (value) => {
      const size = number(value("manifests.eventSource.batchSize"));
      return size > MAX_WITHOUT_WINDOW && number(value("manifests.eventSource.windowSeconds")) < 1
        ? `${size} messages need time to gather, and Lambda refuses more than ${MAX_WITHOUT_WINDOW} without; use at most ${MAX_WITHOUT_WINDOW}, or manifests.eventSource.windowSeconds of at least 1`
        : undefined;
    },
  },
  {
    path: "manifests.eventSource.maximumConcurrency",
    against: ["functions.reservedConcurrency"],
    problem: (value) => {
      const most = number(value("manifests.eventSource.maximumConcurrency"));
      const reserved = value("functions.reservedConcurrency");
      return reserved !== undefined && most > number(reserved)
        ? `${most} builders at once are more than Lambda would run, and each refused delivery counts towards the dead-letter queue; use at most functions.reservedConcurrency, ${reserved}`
        : undefined;
    },
  },
  {
    path: "storage.versioning",
    against: [],
    problem: (value) =>
      (value("storage.versioning") as readonly string[]).includes("raw")
        ? undefined
        : `${JSON.stringify(value("storage.versioning"))} lacks raw, whose version ids identify the uploads; add "raw"`,
  },
  {
    path: "storage.forceDestroy",
    against: ["deletionGuard"],
    problem: (value) =>
      value("storage.forceDestroy") === true && value("deletionGuard") === true
        ? "true contradicts deletionGuard: true; use false, or lift the guard first"
        : undefined,
  },
  ...LEDGER_RULES,
];

/** Finds problems between settings; it leaves out settings that an issue already names. */
export function brokenRules(
  environment: string,
  schema: z.ZodType,
  data: unknown,
  issues: readonly z.core.$ZodIssue[],
): EnvironmentProblem[] {
  const tree = settingTree(schema);
  const bad = issues
    .filter((issue) => issue.code !== "unrecognized_keys")
    .map((issue) => issue.path.map(String));
  const lookup: Lookup = (path) => valueAt(tree, data, path.split("."));
  return RULES.filter((rule) => [rule.path, ...rule.against].every((path) => !touched(path, bad))).flatMap(
    (rule) => {
      const message = rule.problem(lookup);
      return message === undefined ? [] : [{ path: pathText(environment, rule.path.split(".")), message }];
    },
  );
}

/** Returns whether an issue is about the setting, a part of it, or a group that contains it. */
function touched(path: string, bad: readonly string[][]): boolean {
  const steps = path.split(".");
  return bad.some((issue) => issue.slice(0, steps.length).every((step, index) => step === steps[index]));
}

function valueAt(tree: SettingNode, data: unknown, path: readonly string[]): unknown {
  const given = path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[step] : undefined,
    data,
  );
  return given === undefined ? nodeAt(tree, path)?.default : given;
}

/** Block with its first address, as AWS writes it. */
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
