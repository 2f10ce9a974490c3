import type { ResourceChange } from "../plan-json";
import { code } from "./markdown";
import { listOf, type Members, membersOf } from "./objects";
import { type ConditionChange, type GrantGroup, isPolicy, policyDifference } from "./policies";
import type { Hide } from "./secrets";

/** Difference of what somebody may do. */
export interface Permission {
  /** What it is a document of, as `policy` or `trust`. */
  readonly of: string;
  /** Attribute that has the document; not told once more among the changes. */
  readonly attribute: string;
  readonly access: "wider" | "narrower" | "other condition" | "not known yet";
  /** What is gained or lost, in Markdown. */
  readonly what: string;
  /** Whether it says `*`, or everybody. */
  readonly isWild: boolean;
  /** Whether it lets everybody in, whose accounts or organization no condition names. */
  readonly isPublic: boolean;
}

/** Attributes that hold a document in which resources may not be known before an apply. */
const NAMES: Readonly<Record<string, string>> = { assume_role_policy: "trust", policy: "policy" };

/** Kinds whose document stands in a resource of its own, while the attribute only repeats it. */
const COMPUTED = new Set(["aws_s3_bucket", "aws_sns_topic", "aws_sqs_queue"]);

/** Kinds in whose documents `*` as a resource is the resource itself. */
const OWN = new Set(["aws_kms_key", "aws_kms_key_policy"]);

/** Finds what a change grants and takes away: documents of policies, and resources that are a grant themselves. */
export function permissionsOf({ type, change }: ResourceChange, hide: Hide): Permission[] {
  const [before, after] = [membersOf(change.before), membersOf(change.after)];
  const unknown = membersOf(change.after_unknown);
  const names = new Set([...Object.keys(before), ...Object.keys(after), ...Object.keys(NAMES)]);
  const documents = [...names].flatMap((attribute) => {
    const of = NAMES[attribute] ?? attribute;
    const isDocument = isPolicy(before[attribute]) || isPolicy(after[attribute]);
    const isGiven = attribute in NAMES && !COMPUTED.has(type);
    if (unknown[attribute] === true && (isDocument || isGiven)) return [unknownPermission(of, attribute)];
    return isDocument ? told(of, attribute, before[attribute], after[attribute], hide, OWN.has(type)) : [];
  });
  return [...documents, ...grantsOf(type, before, after, hide)];
}

function unknownPermission(of: string, attribute: string): Permission {
  const what = "it names what is known after the apply alone";
  return { of, attribute, access: "not known yet", what, isWild: false, isPublic: false };
}

/** Resources that grant without a document. */
const GRANTS: Readonly<Record<string, (values: Members) => unknown>> = {
  aws_lambda_permission: ({ action, principal, function_name, source_arn, source_account }) => ({
    Effect: "Allow",
    Principal: { Service: principal },
    Action: action,
    Resource: function_name,
    Condition: {
      ...(source_arn ? { ArnLike: { "aws:SourceArn": source_arn } } : {}),
      ...(source_account ? { StringEquals: { "aws:SourceAccount": source_account } } : {}),
    },
  }),
  aws_iam_role_policy_attachment: ({ policy_arn }) => ({ Effect: "Policy", Action: policy_arn }),
  aws_iam_role: ({ permissions_boundary }) =>
    permissions_boundary ? { Effect: "Boundary", Action: permissions_boundary } : undefined,
};

function grantsOf(type: string, before: Members, after: Members, hide: Hide): Permission[] {
  const grant = GRANTS[type];
  if (grant === undefined) return [];
  const document = (values: Members) =>
    JSON.stringify({ Statement: Object.keys(values).length > 0 ? listOf(grant(values)) : [] });
  const of = type === "aws_iam_role" ? "boundary" : "grant";
  return told(of, "permissions_boundary", document(before), document(after), hide, false);
}

function told(
  of: string,
  attribute: string,
  before: unknown,
  after: unknown,
  hide: Hide,
  isOwn: boolean,
): Permission[] {
  const { gained, lost, conditions } = policyDifference(before, after);
  const subject = (group: GrantGroup) =>
    isOwn ? { ...group, resources: group.resources.filter((each) => each !== "*") } : group;
  const row = (access: Permission["access"], verb: string, group: GrantGroup, further = "") => ({
    of,
    attribute,
    access,
    what: `${verb} ${grantText(subject(group), hide)}${further}`,
    isWild: access === "wider" && isWild(subject(group)),
    isPublic: access !== "narrower" && isPublic(group),
  });
  return [
    ...gained.map((group) => row(isLimit(group) ? "narrower" : "wider", "gains", group)),
    ...lost.map((group) => row(isLimit(group) ? "wider" : "narrower", "loses", group)),
    ...conditions.map((change) =>
      row(accessOf(change), "keeps", { ...change, conditions: [] }, conditionText(change, hide)),
    ),
  ];
}

/** Whether more of it lets somebody do less. */
function isLimit({ effect }: Pick<GrantGroup, "effect">): boolean {
  return effect === "Deny" || effect === "Boundary";
}

function accessOf(change: ConditionChange): Permission["access"] {
  if (change.gained.length > 0 && change.lost.length > 0) return "other condition";
  return change.lost.length > 0 !== isLimit(change) ? "wider" : "narrower";
}

function isWild({ principals, actions, resources }: GrantGroup): boolean {
  return (
    principals.some(isOpen) ||
    resources.some(isOpen) ||
    actions.some((each) => isOpen(each) || each.endsWith(":*"))
  );
}

/**
 * Condition that holds for callers of named accounts or an organization alone, as S3 and KMS count a policy as not public.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html (2026-12-01)
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html (2026-12-01)
 */
const KNOWN_CALLERS =
  /^StringEquals (aws:(Principal(Account|OrgID)|Source(Account|OrgID|Owner))|kms:CallerAccount) = [^*?]+$/;

function isPublic({ effect, principals, conditions }: GrantGroup): boolean {
  return (
    effect === "Allow" && principals.some(isOpen) && !conditions.some((each) => KNOWN_CALLERS.test(each))
  );
}

function isOpen(word: string): boolean {
  return word === "*" || word.startsWith("all but ");
}

function grantText({ effect, actions, resources, principals, conditions }: GrantGroup, hide: Hide): string {
  return [
    effect,
    list(actions, hide),
    part("on", resources, hide),
    part("to", principals, hide),
    part("where", conditions, hide),
  ]
    .filter((text) => text !== "")
    .join(" ");
}

function conditionText({ gained, lost }: ConditionChange, hide: Hide): string {
  const parts = [
    ...(gained.length > 0 ? [`gains the condition ${list(gained, hide)}`] : []),
    ...(lost.length > 0 ? [`loses the condition ${list(lost, hide)}`] : []),
  ];
  return `, ${parts.join(", ")}`;
}

function part(word: string, texts: readonly string[], hide: Hide): string {
  const shown = list(texts, hide);
  return shown === "" ? "" : `${word} ${shown}`;
}

function list(texts: readonly string[], hide: Hide): string {
  return texts
    .filter((text) => text !== "")
    .map((text) => code(hide(text)))
    .join(", ");
}
