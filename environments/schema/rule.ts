export type Lookup = (path: string) => unknown;

export interface Rule {
  /** The setting that the problem is reported at. */
  readonly path: string;
  /** Other settings it is compared with; a rule is judged only when all of them are valid by themselves. */
  readonly against: readonly string[];
  /** What would do, and where that comes from; undefined where the setting does. */
  readonly expected: (value: Lookup) => string | undefined;
  /** What the message shows of the setting, where not all of it. */
  readonly got?: (value: Lookup) => unknown;
}
