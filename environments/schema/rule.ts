export type Lookup = (path: string) => unknown;

export interface Rule {
  /** The setting that the problem is reported at. */
  readonly path: string;
  /** Other settings it is compared with; a rule is judged only when all of them are valid by themselves. */
  readonly against: readonly string[];
  /** Accepted value and its reason; undefined where the setting is accepted. */
  readonly expected: (value: Lookup) => string | undefined;
  /** Part of the setting that the message shows, where not all of it. */
  readonly got?: (value: Lookup) => unknown;
}

/** Value of the setting at a path such as `uploads.workers`; undefined where there is none. */
export function valueAt(data: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (value, step) =>
        typeof value === "object" && value !== null ? (value as Record<string, unknown>)[step] : undefined,
      data,
    );
}
