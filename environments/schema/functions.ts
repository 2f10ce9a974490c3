/** Settings of the functions, and what is reserved of the account's concurrency for each. */
import { z } from "zod";
import type { Environment } from "./environment";
import { flag, whole } from "./kinds";
import { type Chosen, type FunctionName, functionsOf } from "./pipelines";

/**
 * Executions that Lambda keeps of the account's for functions without a reservation: an account that has no more,
 * as new ones do with 10 or 50, can reserve none.
 *
 * @see https://docs.aws.amazon.com/en_us/lambda/latest/dg/configuration-concurrency.html (2026-11-30)
 * @see https://github.com/aws-samples/one-observability-demo/issues/278 (2026-11-30)
 */
export const UNRESERVED_EXECUTIONS = 100;

function reserved(description: string) {
  return whole(1, 1000, "executions", { description });
}

/** A number for each function that answers events or a clock, with what it needs it for. */
export const reservedConcurrency = z.strictObject({
  "uploads-trigger": reserved(
    "S3 calls it once an object: 20 register about a hundred uploads a second, and Lambda keeps the events of a burst.",
  ).default(20),
  "uploads-job-ended": reserved(
    "One event for each end of a run, which may take a minute: two ends at once.",
  ).default(2),
  "uploads-reconciler": reserved("One round, and the next where it comes before the end.").default(2),
  "manifests-builder": reserved("Absent: `manifests.eventSource.maximumConcurrency`.").optional(),
  "control-plane": reserved(
    "One event for each manifest, each batch of the ledger and each upload with undeclared fields, a fraction of a second each, ends of runs, and a tick.",
  ).default(10),
  "manifests-reconciler": reserved("One round, and the next where it comes before the end.").default(2),
  "ledger-registrar": reserved(
    "Its event source delivers to so many at once; each holds a connection to PostgreSQL.",
  ).default(4),
  "ledger-starter": reserved("A start by the clock, and one at a listing's end.").default(2),
  "ledger-operator": reserved("The measures of every five minutes, and two questions of operators.").default(
    3,
  ),
  "untaken-objects": reserved("One round, and the next where it comes before the end.").default(2),
  "lake-audit": reserved("One round, and the next where it comes before the end.").default(2),
});

export const functions = z.strictObject({
  memoryMegabytes: whole(128, 10_240, "MB", {
    description:
      "Memory of `uploads-trigger`, `uploads-job-ended` and `ledger-migrator`; their processor share follows it. `uploads-reconciler` has a setting of its own, the others have what they need.",
  }).default(256),
  timeoutSeconds: whole(90, 900, "s", {
    description:
      "Time limit of `uploads-trigger` and `uploads-job-ended`; the latter retries a refused run for a minute, hence the minimum.",
  }).default(120),
  retries: whole(0, 2, "attempts", {
    description:
      "Further attempts at an asynchronous invocation before its event goes to the on-failure queue.",
  }).default(2),
  reserve: flag({
    description:
      "Reserves executions for, and gives at most so many to, each function of `reservedConcurrency`; without, all share the account's. What only deploys call never has a reservation.",
  }).default(false),
  reservedConcurrency: reservedConcurrency.prefault({}),
  accountConcurrency: whole(10, 1_000_000, "executions", {
    description: `Lambda's concurrent executions in the account and region that this environment may count on: the quota, less what others reserve. ${UNRESERVED_EXECUTIONS} stay unreserved.`,
  }).default(1000),
});

/** Settings that decide what is reserved. */
export interface ReservationSettings extends Chosen {
  readonly functions: Pick<Environment["functions"], "reserve" | "reservedConcurrency">;
  readonly manifests: { readonly eventSource: { readonly maximumConcurrency: number } };
}

/** Executions reserved for each function that is there, by its name; nothing where the environment reserves none. */
export function reservedExecutions(settings: ReservationSettings): Readonly<Record<string, number>> {
  const { manifests, functions } = settings;
  const { reserve, reservedConcurrency: numbers } = functions;
  const { "manifests-builder": builders = manifests.eventSource.maximumConcurrency, ...others } = numbers;
  const all: Readonly<Partial<Record<FunctionName, number>>> = { ...others, "manifests-builder": builders };
  const here = functionsOf(settings).flatMap((name) => {
    const number = all[name];
    return number === undefined ? [] : [[name, number] as const];
  });
  return reserve ? Object.fromEntries(here) : {};
}

/** Executions that the account must allow for the reservations: their sum and what Lambda keeps. */
export function neededExecutions(settings: ReservationSettings): number {
  const numbers = Object.values(reservedExecutions(settings));
  return numbers.length === 0 ? 0 : numbers.reduce((sum, each) => sum + each, UNRESERVED_EXECUTIONS);
}
