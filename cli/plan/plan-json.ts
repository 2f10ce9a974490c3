/**
 * Plan as `terraform show -json` gives it, as far as it is read.
 *
 * @see https://developer.hashicorp.com/terraform/internals/json-format (2026-12-01)
 */
export interface PlanJson {
  readonly terraform_version: string;
  readonly resource_changes?: readonly ResourceChange[];
  /** What a refresh found changed outside of Terraform. */
  readonly resource_drift?: readonly ResourceChange[];
  readonly output_changes?: Readonly<Record<string, Change>>;
  readonly prior_state?: {
    readonly values?: { readonly root_module?: { readonly resources?: readonly StateResource[] } };
  };
  /** True for a plan that failed behind its changes, as by a deletion guard. */
  readonly errored?: boolean;
}

export interface ResourceChange {
  readonly address: string;
  readonly previous_address?: string;
  readonly mode: "managed" | "data";
  readonly type: string;
  readonly name: string;
  readonly change: Change;
  /** Why Terraform does this, as `delete_because_no_resource_config`. */
  readonly action_reason?: string;
}

export type Action = "no-op" | "create" | "read" | "update" | "delete" | "forget";

export interface Change {
  readonly actions: readonly Action[];
  readonly before: unknown;
  readonly after: unknown;
  /** True, or a value of the form of `after` with true where that is known after the apply. */
  readonly after_unknown?: unknown;
  /** True, or a value of the form of `before` with true where that is secret. */
  readonly before_sensitive?: unknown;
  readonly after_sensitive?: unknown;
  /** Attributes that cannot be changed in place. */
  readonly replace_paths?: readonly (readonly (string | number)[])[];
  readonly importing?: { readonly id?: string };
}

interface StateResource {
  readonly address: string;
  readonly type: string;
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What becomes of a resource. */
export type Kind = "nothing" | "created" | "read" | "changed" | "destroyed" | "replaced" | "forgotten";

export function kindOf({ actions }: Change): Kind {
  if (actions.includes("create") && actions.includes("delete")) return "replaced";
  if (actions.includes("forget")) return "forgotten";
  if (actions.includes("create")) return "created";
  if (actions.includes("delete")) return "destroyed";
  if (actions.includes("update")) return "changed";
  return actions.includes("read") ? "read" : "nothing";
}
