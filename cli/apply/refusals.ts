import type { Environment, PlanPolicy } from "../../environments/schema";
import { type Binding, differingFiles, type Source } from "../plan/binding";
import type { SynthesizedStack } from "../plan/configuration";
import { kindOf, type PlanJson } from "../plan/plan-json";
import { withoutPlan } from "../plan/plan-stacks";
import { denialsOf, findingsOf } from "../plan/summary/policy";
import { plannedRenames, renameText } from "../plan/summary/renames";
import { isStateful } from "../plan/summary/stateful";

/** What a reviewed plan is held against before anything is changed. */
export interface Present {
  readonly source: Source;
  /** SHA-256 of each file that is synthesized now. */
  readonly synthesis: Readonly<Record<string, string>>;
  /** SHA-256 of the plan file as it is; none where there is none to be. */
  readonly plan?: string | undefined;
  readonly now: Date;
}

/** What somebody may lose by plans. */
export interface LossPermit {
  /** Addresses of stateful resources that may go; `all` with whatever is lost. */
  readonly allowDestroy: readonly string[] | "all";
  /** Whether the environment lets no stateful resource go, allowed or not. */
  readonly deletionGuard: boolean;
  /** Word of the command that lets one go. @default - that of an apply, with the address */
  readonly wayOut?: string;
}

/** What somebody may do with plans. */
export interface Permit extends LossPermit {
  readonly maxAgeHours: number;
}

/** What the changes of plans are held against. */
export interface Judging {
  readonly environment: Environment;
  readonly policy: PlanPolicy;
  readonly permit: LossPermit;
}

/** A stack and what its plan does. */
export interface StackChanges {
  readonly stack: SynthesizedStack;
  readonly changes: PlanJson;
}

const HOUR = 3_600_000;

/** Reasons for which a plan is not to be applied, a line each. */
export function refusalsOf(binding: Binding, present: Present, permit: Permit): string[] {
  const { source } = present;
  const hours = (present.now.getTime() - Date.parse(binding.planned)) / HOUR;
  const reasons = [
    ...differing("environment", binding.environment, source.environment),
    ...differing("account", binding.account, source.account),
    ...differing("region", binding.region, source.region),
    ...differing("Git's tree", binding.tree, source.tree),
    ...(binding.tree === undefined ? ["it was planned outside of a Git repository"] : []),
    ...[...new Set([...binding.uncommitted, ...source.uncommitted])].map((file) => `${file} is in no commit`),
    ...differingFiles(binding.locks, source.locks).map(
      (file) => `${file} is another than when it was planned`,
    ),
    ...differingFiles(binding.synthesis, present.synthesis).map(
      (file) => `${file} is synthesized otherwise than when it was planned`,
    ),
    ...(binding.plan === present.plan ? [] : ["the plan file was altered"]),
    ...(binding.errored ? ["Terraform refused the plan when it was made"] : []),
    ...(hours > permit.maxAgeHours
      ? [`it is ${Math.floor(hours)} hours old, more than ${permit.maxAgeHours}: plan again`]
      : []),
  ];
  return reasons.map((reason) => `${binding.stack}: ${reason}`);
}

function differing(what: string, planned: string | undefined, now: string | undefined): string[] {
  return planned === now
    ? []
    : [`${what} is ${now ?? "none"}, and was ${planned ?? "none"} when it was planned`];
}

/** Reasons for which a plan that would lose data is not to be applied, a line each. */
export function lossesOf(
  stack: string,
  { resource_changes = [] }: PlanJson,
  { allowDestroy, deletionGuard, wayOut }: LossPermit,
): string[] {
  const renames = new Map(plannedRenames(resource_changes).map((rename) => [rename.from, rename]));
  return resource_changes
    .filter(({ type, change }) => isStateful(type) && ["destroyed", "replaced"].includes(kindOf(change)))
    .flatMap(({ address, change }) => {
      const rename = renames.get(address);
      const why = rename === undefined ? "" : ` (${renameText(rename)})`;
      const lost = `${stack}: ${address} would be ${kindOf(change)}, with what it holds${why}`;
      if (deletionGuard) return [`${lost}, and the environment's deletionGuard is on`];
      return allowDestroy === "all" || allowDestroy.includes(address)
        ? []
        : [`${lost}: repeat with ${wayOut ?? `--allow-destroy '${address}'`} to give it up`];
    });
}

/** What the plans of a run lose, and what the policy denies of them: their own changes are asked, and no page beside them. */
export function refusalsOfChanges(
  run: readonly StackChanges[],
  { environment, policy, permit }: Judging,
): string[] {
  const plans = run.map(({ stack, changes }) => ({ ...withoutPlan(stack), json: changes }));
  return [
    ...run.flatMap(({ stack, changes }) => lossesOf(stack.name, changes, permit)),
    ...denialsOf(findingsOf(plans, environment, policy), environment.name),
  ];
}
