export type Lookup = (path: string) => unknown;

export interface Rule {
  /** The setting that the problem is reported at. */
  readonly path: string;
  /** Other settings it is compared with; a rule is judged only when all of them are valid by themselves. */
  readonly against: readonly string[];
  /** The problem in words, or undefined where there is none. */
  readonly problem: (value: Lookup) => string | undefined;
}
