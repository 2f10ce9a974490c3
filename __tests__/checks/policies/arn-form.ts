/**
 * Names that may contain slashes, of all variable parts of published ARNs.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html (2026-11-30)
 */
const WITH_SLASHES = /^(ObjectName|LogGroupName|LogStreamName|SecretId|.*Path.*)$/;

/** Returns whether an ARN of a policy, which may have wildcards, can be one of the published form. */
export function fitsForm(arn: string, form: string): boolean {
  const parts = [...form.matchAll(/\$\{(\w+)\}|[^$]/g)].map(([character, variable]) => ({
    character,
    variable,
  }));
  const seen = new Map<string, boolean>();
  const fits = (at: number, part: number): boolean => {
    const key = `${at} ${part}`;
    const known = seen.get(key);
    if (known !== undefined) return known;
    seen.set(key, false);
    const result = fitsFrom(at, part);
    seen.set(key, result);
    return result;
  };
  const fitsFrom = (at: number, part: number): boolean => {
    const character = arn[at];
    const next = parts[part];
    if (character === undefined) return next === undefined;
    // a wildcard ends here, or takes what is next
    if (character === "*") return fits(at + 1, part) || (next !== undefined && fits(at, part + 1));
    if (next === undefined) return false;
    if (next.variable === undefined) {
      return (character === "?" || character === next.character) && fits(at + 1, part + 1);
    }
    const takes = character !== ":" && (character !== "/" || WITH_SLASHES.test(next.variable));
    return takes && (fits(at + 1, part) || fits(at + 1, part + 1));
  };
  return fits(0, 0);
}
