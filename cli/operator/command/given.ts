import { UsageError } from "./errors";

/**
 * Checks that exactly one of several ways to select is given; a way has one or more options or arguments, by
 * their names.
 *
 * @throws UsageError otherwise
 */
export function checkOneGiven(wanted: string, ways: readonly Readonly<Record<string, unknown>>[]): void {
  const given = ways
    .map((way) => Object.keys(way).filter((name) => way[name] !== undefined))
    .filter((names) => names.length > 0);
  if (given.length === 1) return;
  throw new UsageError(`expected ${wanted}, got ${given.flat().join(" and ") || "none"}`);
}
