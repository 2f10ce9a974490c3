/** What a checker found, and where: for example a rule of checkov's and a resource of a stack. */
export interface Finding {
  readonly rule: string;
  readonly where: string;
}

/** Findings that somebody looked at and left, with the reason. */
export interface Exception {
  readonly rule: string;
  /** Matches the places of the findings, each as a whole. */
  readonly where: RegExp;
  readonly reason: string;
}

/**
 * Names findings that no exception covers, and exceptions that cover no finding: what is mended has no reason to
 * stay.
 */
export function unreviewed(findings: readonly Finding[], exceptions: readonly Exception[]): string[] {
  const covers = ({ rule, where }: Exception, finding: Finding) =>
    rule === finding.rule && new RegExp(`^(?:${where.source})$`).test(finding.where);
  return [
    ...findings
      .filter((finding) => !exceptions.some((exception) => covers(exception, finding)))
      .map(({ rule, where }) => `${rule} ${where}: expected none, or a reviewed exception`),
    ...exceptions
      .filter((exception) => !findings.some((finding) => covers(exception, finding)))
      .map(({ rule, where }) => `exception ${rule} ${where.source}: expected a finding that it covers`),
  ];
}
