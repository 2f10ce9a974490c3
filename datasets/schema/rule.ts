import type { Declaration } from "./declaration";
import type { Path } from "./problems";

/** What stands around a declaration. */
export interface Surroundings {
  /** Name of its folder. */
  readonly folder: string;
  /** Whether a `transform.sql` stands beside it. */
  readonly hasTransform: boolean;
}

/** Tells what was expected at a path, with the reason; what was found there is added. */
export type Tell = (path: Path, wanted: string) => void;

export interface Rule {
  /** Keys that it looks at: it is judged only when all of them are valid by themselves. */
  readonly of: readonly (keyof Declaration)[];
  readonly judge: (declared: Declaration, tell: Tell, surroundings: Surroundings) => void;
}

/** Names for a message. */
export function listed(names: readonly string[]): string {
  return names.length === 0 ? "there is none" : names.join(", ");
}
