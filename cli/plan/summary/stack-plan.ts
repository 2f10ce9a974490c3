import type { PlanJson } from "../plan-json";
import type { Diagnostic } from "../terraform";

/** Outputs that a stack reads and that are not deployed: until they are, it cannot be planned. */
export interface Wait {
  readonly stack: string;
  /** Whether that stack has a state at all. */
  readonly isDeployed: boolean;
  readonly outputs: readonly string[];
}

/** Plan of a stack, as far as a summary tells of it. */
export interface StackPlan {
  readonly stack: string;
  /** Addresses, without keys, of the resources that Terraform itself refuses to destroy. */
  readonly guarded: ReadonlySet<string>;
  /** Texts that nobody is to see, in addition to what the plan says of them. */
  readonly secrets: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** Outputs of other stacks that it was made with. */
  readonly reads: readonly { readonly stack: string; readonly outputs: readonly string[] }[];
  readonly waitsFor: readonly Wait[];
  /** None where it waits, or failed before a change was known. */
  readonly json?: PlanJson;
}
