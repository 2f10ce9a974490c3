import { expectedAt } from "../runtime/expected";
import { type PolicyStatement, policyDocument } from "./policy";

/**
 * Maximum characters of a role's inline policies together, and of a managed policy.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (2026-11-30)
 */
const INLINE = 10_240;
const MANAGED = 6_144;
/** Managed policies of a role, as long as nobody asks AWS for more. */
const MOST_ATTACHED = 10;
/** Characters of the pieces of a statement, small so that they fill policies. */
const PIECE = 2_048;
/** Characters that stand for a value known after the deploy alone: the ARN of a bucket, as most are, has 66 at most. */
const UNKNOWN = "x".repeat(70);

/**
 * Splits the statements of a role, in their order, into those of its inline policy and those of managed ones: a
 * role that names its datasets outgrows the inline policy with a dozen of them.
 *
 * @throws Error where a role can have no so many policies
 */
export function policyParts(roleName: string, statements: readonly PolicyStatement[]): PolicyStatement[][] {
  if (sizeOf(statements) <= INLINE) return [[...statements]];
  const parts: PolicyStatement[][] = [[]];
  for (const statement of statements.flatMap(piecesOf)) {
    const last = parts.at(-1) ?? [];
    if (sizeOf([...last, statement]) <= (parts.length === 1 ? INLINE : MANAGED)) last.push(statement);
    else parts.push([statement]);
  }
  const attached = parts.length - 1;
  if (attached > MOST_ATTACHED) {
    const expected = `at most ${MOST_ATTACHED} (IAM attaches no more to a role; fewer datasets of one pipeline, or shorter names)`;
    throw new Error(expectedAt(`managed policies of the role ${roleName}`, expected, attached));
  }
  return parts;
}

/** Halves a statement by its resources, or by the values of its condition, until each piece is small. */
function piecesOf(statement: PolicyStatement): PolicyStatement[] {
  if (sizeOf([statement]) <= PIECE) return [statement];
  const halves =
    halvesOf(statement.resources)?.map((resources) => ({ resources })) ?? halfConditions(statement);
  if (halves === undefined) return [statement];
  return halves.flatMap((half, index) =>
    piecesOf({ ...statement, ...half, sid: `${statement.sid}${"AB"[index]}` }),
  );
}

/** A condition of one key, such as the prefixes of a listing: a request has one of its values. */
function halfConditions({
  condition = {},
}: PolicyStatement): Pick<PolicyStatement, "condition">[] | undefined {
  const [[operator, keys] = ["", {}], ...others] = Object.entries(condition);
  const [[key, values] = ["", ""], ...more] = Object.entries(keys);
  if (typeof values === "string" || others.length + more.length > 0) return undefined;
  return halvesOf(values)?.map((half) => ({ condition: { [operator]: { [key]: half } } }));
}

function halvesOf(values: readonly string[]): string[][] | undefined {
  if (values.length < 2) return undefined;
  const middle = Math.ceil(values.length / 2);
  return [values.slice(0, middle), values.slice(middle)];
}

function sizeOf(statements: readonly PolicyStatement[]): number {
  return policyDocument(statements).replaceAll(/\$\{[^}]*\}/g, UNKNOWN).length;
}
