import {
  type Environment,
  type Level,
  type PlanPolicy,
  POLICY_FILE,
  type ResourceRule,
} from "../../../environments/schema";
import { kindOf } from "../plan-json";
import { code, type Section } from "./markdown";
import { costDifference } from "./monthly-cost";
import { isInternetOpening, isPublicOpening, openingsOf } from "./network";
import { groupedBy, membersOf } from "./objects";
import { isLostGuard, isPublicGuard, isWeaker } from "./protection";
import type { StackPlan } from "./stack-plan";
import { isStateful } from "./stateful";
import { changingIn, isEnd, isKept, type Told } from "./told";

/** What a policy says of a plan. */
export interface PolicyFinding {
  readonly level: Exclude<Level, "allow"> | "excepted";
  readonly rule: string;
  /** Stack and address as exceptions have them; none of what all plans come to together. */
  readonly where?: string;
  /** What is found, in our own words, or those of an exception. */
  readonly what: string;
  readonly wayOut: string;
}

interface Judge {
  readonly breaks: (resource: Told) => boolean;
  readonly what: string;
  /** Sections of the summary that tell it. */
  readonly told: string;
}

const JUDGES: Readonly<Record<ResourceRule, Judge>> = {
  dataLost: {
    breaks: ({ type, change }) => isStateful(type) && isEnd(change),
    what: "it goes, with what it holds",
    told: "Data would be lost",
  },
  publicAccess: {
    breaks: isMadePublic,
    what: "it lets everybody in",
    told: "Permissions”, “Network openings”, “Encryption, retention and guards",
  },
  protectionWeakened: {
    breaks: (each) => isLostGuard(each) || (isKept(each) && each.differences.some(isWeaker)),
    what: "a protection gets weaker",
    told: "Encryption, retention and guards",
  },
  internetOpened: {
    breaks: (each) =>
      openingsOf(each).some((opening) => isInternetOpening(opening) && !isPublicOpening(opening)),
    what: "it opens a way to the internet",
    told: "Network openings",
  },
  wildcardGained: {
    breaks: ({ permissions }) => permissions.some(({ isWild }) => isWild),
    what: "it lets somebody do more, with a wildcard",
    told: "Permissions",
  },
  trustWidened: {
    breaks: (each) =>
      isKept(each) &&
      each.permissions.some(
        ({ of, access }) => of === "trust" && ["wider", "other condition"].includes(access),
      ),
    what: "more can assume the role, or on another condition",
    told: "Permissions",
  },
  permissionUnknown: {
    breaks: (each) => isKept(each) && each.permissions.some(({ access }) => access === "not known yet"),
    what: "what it permits is known after the apply alone",
    told: "Permissions",
  },
};

function isMadePublic(resource: Told): boolean {
  const { type, permissions, differences } = resource;
  // an endpoint's policy lets nobody do what another does not
  const byPolicy = type !== "aws_vpc_endpoint" && permissions.some(({ isPublic }) => isPublic);
  const isGuard = isKept(resource)
    ? differences.some((each) => isWeaker(each) && isPublicGuard(each.path))
    : isLostGuard(resource) && isPublicGuard(type);
  return byPolicy || isGuard || openingsOf(resource).some(isPublicOpening);
}

/** Holds plans against a policy: what it denies comes first, then what it warns of, then what is excepted. */
export function findingsOf(
  plans: readonly StackPlan[],
  environment: Environment,
  policy: PlanPolicy,
): PolicyFinding[] {
  const changing = plans.flatMap(changingIn);
  const all = [
    ...changing
      .filter((each) => !goesWithBucket(each, changing))
      .flatMap((each) => resourceFindings(each, policy)),
    ...togetherFindings(changing, environment, policy),
    ...uselessExceptions(plans, changing, policy),
  ];
  return (["deny", "warn", "excepted"] as const).flatMap((level) =>
    all.filter((finding) => finding.level === level),
  );
}

/** Whether a setting of a bucket, such as its public access block, goes because the bucket does, which is judged itself. */
function goesWithBucket(resource: Told, changing: readonly Told[]): boolean {
  const bucketOf = ({ change }: Told) => membersOf(change.before)["bucket"];
  const isGone = ({ change }: Told) => kindOf(change) === "destroyed";
  const isSetting = resource.type.startsWith("aws_s3_bucket_") && isGone(resource);
  return (
    isSetting &&
    changing.some(
      (each) => each.type === "aws_s3_bucket" && isGone(each) && bucketOf(each) === bucketOf(resource),
    )
  );
}

/** What a policy denies, a line each, with the way out. */
export function denialsOf(findings: readonly PolicyFinding[], environment: string): string[] {
  return findings
    .filter(({ level }) => level === "deny")
    .map(({ rule, where, what, wayOut }) => {
      const place = where === undefined ? "" : `${where}: `;
      const exception = where === undefined ? "" : `: { rule: "${rule}", where: "${where}", reason: "…" }`;
      return `${place}${what}, which ${rule} in ${POLICY_FILE} denies in ${environment}; the way out is ${wayOut}${exception}`;
    });
}

function placeOf({ stack, address }: Told): string {
  return `${stack} ${address}`;
}

function brokenBy(resource: Told): ResourceRule[] {
  return (Object.keys(JUDGES) as ResourceRule[]).filter((rule) => JUDGES[rule].breaks(resource));
}

function resourceFindings(resource: Told, policy: PlanPolicy): PolicyFinding[] {
  const where = placeOf(resource);
  return brokenBy(resource).flatMap((rule): PolicyFinding[] => {
    const { what, told } = JUDGES[rule];
    const exception = policy.exceptions.find((each) => each.rule === rule && each.where === where);
    if (exception !== undefined) {
      return [{ level: "excepted", rule, where, what: exception.reason, wayOut: "" }];
    }
    const level = policy[rule];
    if (level === "allow") return [];
    const wayOut = level === "deny" ? "an exception, reviewed with the change" : `look at “${told}”`;
    return [{ level, rule, where, what, wayOut }];
  });
}

/** What is judged of all plans together. */
function togetherFindings(
  changing: readonly Told[],
  environment: Environment,
  { resourcesDestroyed, costRise }: PlanPolicy,
): PolicyFinding[] {
  const ended = changing.filter(({ change }) => isEnd(change)).length;
  const dollars = costDifference(changing, environment);
  const found: PolicyFinding[] = [];
  if (ended > resourcesDestroyed.above && resourcesDestroyed.level !== "allow") {
    const what = `${ended} resources are destroyed or replaced, more than ${resourcesDestroyed.above}`;
    const wayOut = `another rules.${environment.name}.resourcesDestroyed, or smaller steps`;
    found.push({ level: resourcesDestroyed.level, rule: "resourcesDestroyed", what, wayOut });
  }
  if (dollars > costRise.aboveDollars && costRise.level !== "allow") {
    const what = `a month costs ${dollars.toFixed(2)} USD more, above ${costRise.aboveDollars}`;
    const wayOut = `another rules.${environment.name}.costRise`;
    found.push({ level: costRise.level, rule: "costRise", what, wayOut });
  }
  return found;
}

/** Exceptions that were for a change that is applied: one that stays would let the next through. */
function uselessExceptions(
  plans: readonly StackPlan[],
  changing: readonly Told[],
  { exceptions }: PlanPolicy,
): PolicyFinding[] {
  const planned = plans.filter(({ json }) => json !== undefined).map(({ stack }) => `${stack} `);
  const used = new Set(changing.flatMap((each) => brokenBy(each).map((rule) => `${rule} ${placeOf(each)}`)));
  return exceptions
    .filter(
      ({ rule, where }) => planned.some((stack) => where.startsWith(stack)) && !used.has(`${rule} ${where}`),
    )
    .map(({ rule, where }) => ({
      level: "warn",
      rule,
      where,
      what: "an exception that nothing in the plan needs",
      wayOut: "take it away",
    }));
}

/** Tells findings, those that are alike in a row. */
export function policySection(findings: readonly PolicyFinding[]): Section {
  const groups = groupedBy(findings, ({ where = "", ...finding }) =>
    JSON.stringify([...Object.values(finding), where.split(" ")[0]]),
  );
  const rows = groups.map((group) => {
    const [{ level, rule, what, wayOut }] = group;
    return [
      level === "deny" ? "**deny**" : level,
      code(rule),
      whereText(group),
      level === "excepted" ? code(what) : what,
      wayOut,
    ];
  });
  const count = (level: string) => findings.filter((each) => each.level === level).length;
  return {
    heading: `Policy: ${count("deny")} denied, ${count("warn")} to look at, ${count("excepted")} excepted`,
    columns: ["", "Rule", "Resource", "What", "Way out"],
    rows,
  };
}

function whereText(group: readonly PolicyFinding[]): string {
  const places = group.flatMap(({ where }) => (where === undefined ? [] : [where.split(" ")]));
  const [[stack = ""] = []] = places;
  return [stack, ...places.map(([, ...address]) => address.join(" "))]
    .filter((text) => text !== "")
    .map(code)
    .join(" ");
}
