import {
  ALERT_FORWARDER,
  type DeployedFunction,
  type Environment,
  FUNCTIONS,
  functionName,
  functionsOf,
  hasPipeline,
  MONTH_HOURS,
  type Pipeline,
  pipelinesOf,
} from "../../../environments/schema";
import { PRICES } from "../../../runtime/prices/table";
import { type Amount, priced, sum } from "./amount";
import { type Cost, costs, workOf } from "./cost";
import { manifestsOf, sweepsOf } from "./manifests-load";
import { BUILDER_SECONDS, CONTROL_PLANE_SECONDS } from "./measured";

/** What a function does a month. */
interface Use {
  readonly invocations: number;
  /** Of one, on average. */
  readonly seconds: number;
  readonly megabytes: number;
}

const MONTH_MINUTES = MONTH_HOURS * 60;
/** Minutes between two measures of the ledger, and two ticks of the control plane. */
const MEASURE_MINUTES = 5;
const TICK_MINUTES = 1;
/** S3 events in one call of the registrar. */
const REGISTERED = 1000;

type UseOf = (environment: Environment) => Use;

const USES: Readonly<Record<DeployedFunction, UseOf>> = {
  "uploads-trigger": (environment) => ({
    invocations: workOf(environment, "uploads").files,
    seconds: 0.2,
    megabytes: environment.functions.memoryMegabytes,
  }),
  "uploads-job-ended": ({ functions }) => ({
    invocations: 0,
    seconds: 1,
    megabytes: functions.memoryMegabytes,
  }),
  "uploads-reconciler": ({ uploads: { reconcile } }) => ({
    invocations: MONTH_MINUTES / reconcile.rateMinutes,
    seconds: 3,
    megabytes: reconcile.memoryMegabytes,
  }),
  "manifests-builder": (environment) => ({
    invocations: manifestsOf(environment),
    seconds: BUILDER_SECONDS,
    megabytes: 512,
  }),
  "control-plane": (environment) => ({
    invocations: hasPipeline(environment, "manifests")
      ? MONTH_MINUTES / TICK_MINUTES + manifestsOf(environment)
      : 0,
    seconds: CONTROL_PLANE_SECONDS,
    megabytes: 256,
  }),
  "manifests-reconciler": (environment) => {
    const invocations = MONTH_MINUTES / environment.manifests.reconcile.rateMinutes;
    return { invocations, seconds: sweepsOf(environment).seconds / invocations, megabytes: 512 };
  },
  "declared-columns": () => ({ invocations: 0, seconds: 1, megabytes: 256 }),
  "ledger-migrator": ({ functions }) => ({
    invocations: 0,
    seconds: 1,
    megabytes: functions.memoryMegabytes,
  }),
  "ledger-registrar": (environment) => ({
    invocations: workOf(environment, "ledger").files / REGISTERED,
    seconds: 1,
    megabytes: 256,
  }),
  "ledger-operator": () => ({ invocations: MONTH_MINUTES / MEASURE_MINUTES, seconds: 1, megabytes: 256 }),
  "ledger-starter": ({ ledger: { scheduled, batch } }) => ({
    invocations: scheduled ? MONTH_MINUTES / batch.rateMinutes : 0,
    seconds: 1,
    megabytes: 256,
  }),
  "untaken-objects": ({ storage }) => ({
    invocations: MONTH_MINUTES / storage.raw.untakenMinutes,
    seconds: 20,
    megabytes: 256,
  }),
  "lake-audit": ({ storage, usage }) => ({
    invocations: MONTH_MINUTES / storage.audit.mergeMinutes,
    // at most: it took that for 200,000 rows (docs/audit.md)
    seconds: usage.manifests.filesPerHour > 0 ? 6 : 1,
    megabytes: 2048,
  }),
  [ALERT_FORWARDER]: () => ({ invocations: 0, seconds: 1, megabytes: 256 }),
};

/** What a function costs a month with so much memory, as often as the environment calls it. */
export function functionCost(
  environment: Environment,
  name: DeployedFunction,
  memory?: number,
): Amount | undefined {
  const { invocations, seconds, megabytes } = USES[name](environment);
  if (invocations === 0) return undefined;
  return sum(
    priced(PRICES.invocation, [invocations, "calls"]),
    priced(PRICES.functionTime, invocations, [seconds, "s"], [(memory ?? megabytes) / 1024, "GB"]),
  );
}

/** Function that the environment calls so; undefined for one of other hands. */
export function functionNamed(environment: Environment, name: unknown): DeployedFunction | undefined {
  const all = [...FUNCTIONS, ALERT_FORWARDER] as readonly DeployedFunction[];
  return all.find((each) => functionName(environment, each) === name);
}

/** Memory of a function in megabytes. */
export function memoryOf(environment: Environment, name: DeployedFunction): number {
  return USES[name](environment).megabytes;
}

/** Functions that are called by the clock, whether files come or not. */
const BY_THE_CLOCK: readonly DeployedFunction[] = [
  "uploads-reconciler",
  "ledger-operator",
  "ledger-starter",
  "untaken-objects",
  "lake-audit",
];

/** What the environment's functions cost. */
export function functionCosts(environment: Environment): Cost[] {
  return functionsOf(environment).flatMap((name) => {
    const pipelines = pipelinesOf(name);
    const pipeline: Pipeline | "shared" =
      name === "control-plane" ? "manifests" : pipelines.length === 1 ? (pipelines[0] as Pipeline) : "shared";
    const by = BY_THE_CLOCK.includes(name) || isIdle(environment, name) ? "time" : "files";
    return costs(
      { layer: "compute", pipeline, by },
      { [`Lambda: ${name}`]: functionCost(environment, name) },
    );
  });
}

function isIdle({ usage }: Environment, name: DeployedFunction): boolean {
  return pipelinesOf(name).every((each) => usage[each].filesPerHour === 0);
}
