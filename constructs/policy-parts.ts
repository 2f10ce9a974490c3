import { type PolicyStatement, policyDocument } from "./policy";

/**
 * Maximum characters of a role's inline policies together, and of a managed policy.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (2026-11-30)
 */
const INLINE = 10_240;
const MANAGED = 6_144;
/** Characters that stand for a value known after the deploy alone, such as the ARN of a bucket. */
const UNKNOWN = "x".repeat(64);

/**
 * Splits the statements of a role, in their order, into those of its inline policy and those of managed ones: a
 * role that names its datasets outgrows the inline policy with a dozen of them.
 */
export function policyParts(statements: readonly PolicyStatement[]): PolicyStatement[][] {
  const parts: PolicyStatement[][] = [[]];
  for (const statement of statements.flatMap(piecesOf)) {
    const last = parts.at(-1) ?? [];
    if (sizeOf([...last, statement]) <= (parts.length === 1 ? INLINE : MANAGED)) last.push(statement);
    else parts.push([statement]);
  }
  return parts;
}

/** Halves a statement by its resources until each piece fits into a policy. */
function piecesOf(statement: PolicyStatement): PolicyStatement[] {
  const { sid, resources } = statement;
  if (resources.length < 2 || sizeOf([statement]) <= MANAGED) return [statement];
  const middle = Math.ceil(resources.length / 2);
  return [
    { ...statement, sid: `${sid}A`, resources: resources.slice(0, middle) },
    { ...statement, sid: `${sid}B`, resources: resources.slice(middle) },
  ].flatMap(piecesOf);
}

function sizeOf(statements: readonly PolicyStatement[]): number {
  return policyDocument(statements).replaceAll(/\$\{[^}]*\}/g, UNKNOWN).length;
}
