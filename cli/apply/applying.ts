import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Binding, Source } from "../plan/binding";
import type { SynthesizedStack } from "../plan/configuration";
import type { PlanJson } from "../plan/plan-json";
import type { WorkingFolder } from "../plan/terraform";
import type { Judging, Permit } from "./refusals";

/** What a run applies, and with what. */
export interface Applying extends Judging {
  /** Folder of the reviewed plans. */
  readonly plans: string;
  /**
   * Applies none of the folder's plan files, which it need not have, but plans each stack anew, and compares: for plans that others could
   * have written.
   */
  readonly anew: boolean;
  /** Stacks that are applied before all others, in this order. @default - none: each behind those that it depends on */
  readonly first?: readonly string[];
  /** What is synthesized now, in which Terraform runs. */
  readonly synthesized: string;
  readonly source: Source;
  readonly permit: Permit;
  readonly variables: NodeJS.ProcessEnv;
  readonly now: Date;
  /** Folder of states that a backend did not take. */
  readonly unsaved: string;
  /** How long a lock that somebody else holds is waited for. */
  readonly lockSeconds: number;
  /** Looks only, and changes nothing. */
  readonly isTrial: boolean;
  /** Name of a proposed plan that is approved. */
  readonly approved?: string;
  /** Asks whether the proposed plan of a name is approved. @default - nobody can be asked: the run stops */
  readonly ask?: (name: string) => Promise<boolean>;
  readonly report: (line: string) => void;
}

/** Plan that is to be applied: the one that was reviewed, or what was approved in its place. */
export interface Reviewed {
  readonly stack: SynthesizedStack;
  /** Folder of the stack. */
  readonly place: string;
  /** Folder of the plan: that of the stack, or one in it. */
  readonly folder: string;
  readonly binding: Binding;
}

/**
 * A reviewed plan in the folder of its stack, and what it does. Where its file is applied, that file tells it: the JSON beside it
 * is for readers, who may change it.
 */
export interface Opened extends Reviewed {
  readonly working: WorkingFolder;
  readonly changes: PlanJson;
}

/** Left beside a plan when its apply begins, and when it is done. */
const BEGUN = "begun.json";
const APPLIED = "applied.json";

export function noteBegun(folder: string): void {
  note(folder, BEGUN);
}

export function noteApplied(folder: string): void {
  note(folder, APPLIED);
}

function note(folder: string, name: string): void {
  writeFileSync(join(folder, name), JSON.stringify({ at: new Date().toISOString() }));
}

export function isBegun(folder: string): boolean {
  return existsSync(join(folder, BEGUN));
}

export function isApplied(folder: string): boolean {
  return existsSync(join(folder, APPLIED));
}
