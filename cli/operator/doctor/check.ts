import type { Examination } from "./examination";

/** Groups of checks, in the order in which they are shown. */
export const GROUPS = ["machine", "settings", "account", "deployed"] as const;
export type Group = (typeof GROUPS)[number];

/** `not checked`: what is so is unknown, for a permission or a service was missing. */
export const STATUSES = ["ok", "warning", "failure", "not checked"] as const;
export type Status = (typeof STATUSES)[number];

/** What a check found. */
export interface Finding {
  readonly status: Status;
  readonly message: string;
  /** What the operator does about it. */
  readonly wayOut?: string;
  /** Page on which a limit is raised, or a setting changed. */
  readonly link?: string;
  /** What a check that was not made lacked: a permission, a service, a deployment. */
  readonly missing?: string;
}

/** Look at one thing, which changes nothing. */
export interface Check {
  readonly group: Group;
  readonly name: string;
  /** IAM actions that it asks with, so what to allow; none: it asks this machine alone. */
  readonly actions: readonly string[];
  /** @returns at least one finding; an error means that it could not be made */
  readonly look: (examination: Examination) => Promise<readonly Finding[]>;
}

/** What to do about a finding. */
export interface WayOut {
  readonly wayOut: string;
  readonly link?: string;
}

export function ok(message: string): Finding {
  return { status: "ok", message };
}

export function warning(message: string, way: WayOut): Finding {
  return { status: "warning", message, ...way };
}

export function failure(message: string, way: WayOut): Finding {
  return { status: "failure", message, ...way };
}

export function notChecked(missing: string): Finding {
  return { status: "not checked", message: `missing: ${missing}`, missing };
}

/** The findings, or that all is well where there is none. */
export function otherwiseOk(findings: readonly Finding[], message: string): readonly Finding[] {
  return findings.length > 0 ? findings : [ok(message)];
}
