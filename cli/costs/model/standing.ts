import {
  type Environment,
  functionsOf,
  hasPipeline,
  interfaceEndpointsOf,
  MONTH_HOURS,
  type Pipeline,
  pipelinesOf,
  SYNCHRONOUS_FUNCTIONS,
  usesPrivateSubnets,
} from "../../../environments/schema";
import { PRICES } from "../../../runtime/prices/table";
import { many, priced } from "./amount";
import { type Cost, costs } from "./cost";
import { ALARMS, METRICS } from "./measured";
import {
  alarms,
  dashboard,
  interfaceEndpoints,
  keys,
  natGateways,
  publicAddresses,
  secret,
  serverBackups,
  serverMachines,
  serverStorage,
  streamingJob,
} from "./resources";

const BY_TIME = "time";

/** What is paid for being there, by the attributes of resources. */
export function standingResources(environment: Environment): Cost[] {
  const has = (pipeline: Pipeline) => hasPipeline(environment, pipeline);
  return [
    ...networkCosts(environment),
    ...costs(
      { layer: "storage", pipeline: "shared", by: BY_TIME },
      { "KMS: keys of data, code and operations": keys(3) },
      { resource: "aws_kms_key" },
    ),
    ...costs(
      { layer: "ledger", pipeline: "shared", by: BY_TIME },
      { "KMS: key of tables": keys(1) },
      { resource: "aws_kms_key" },
    ),
    ...(has("ledger") ? serverCosts(environment) : []),
    ...(has("manifests") ? streamCosts(environment) : []),
    ...costs(
      { layer: "observability", pipeline: "shared", by: BY_TIME },
      { "CloudWatch: dashboard": dashboard() },
      { resource: "aws_cloudwatch_dashboard" },
    ),
    ...alarmCosts(environment),
  ];
}

function networkCosts(environment: Environment): Cost[] {
  if (!usesPrivateSubnets(environment)) return [];
  const { egress, natGateways: kind, zones, flowLogs } = environment.network;
  const gateways = egress === "nat" ? (kind === "one" ? 1 : zones.length) : 0;
  const services = interfaceEndpointsOf(environment).length;
  const place = { layer: "network", pipeline: "shared", by: BY_TIME } as const;
  return [
    ...costs(place, { "VPC: NAT gateways": natGateways(gateways) }, { resource: "aws_nat_gateway" }),
    ...costs(place, { "VPC: their addresses": publicAddresses(gateways) }, { resource: "aws_eip" }),
    ...costs(
      place,
      { "VPC: interface endpoints": interfaceEndpoints(services, zones.length) },
      { resource: "aws_vpc_endpoint" },
    ),
    ...costs(place, { "KMS: key of flow logs": keys(flowLogs ? 1 : 0) }, { resource: "aws_kms_key" }),
  ];
}

function serverCosts({ ledger: { postgres } }: Environment): Cost[] {
  if (postgres.server !== "managed") return [];
  const place = { layer: "ledger", pipeline: "ledger", by: BY_TIME } as const;
  const resource = "aws_db_instance";
  const what = `RDS: ${postgres.instanceClass}${postgres.multiZone ? " with a standby" : ""}`;
  const machines = serverMachines(postgres);
  const unknown = { ...place, what, dollars: undefined, arithmetic: "no price in the table", resource };
  return [
    ...(machines === undefined ? [unknown] : costs(place, { [what]: machines }, { resource })),
    ...costs(
      place,
      {
        "RDS: storage": serverStorage(postgres),
        "RDS: backups": serverBackups(postgres),
        "Secrets Manager: the server's secret": secret(),
      },
      { resource },
    ),
  ];
}

function streamCosts({ manifests: { workers } }: Environment): Cost[] {
  return costs(
    { layer: "compute", pipeline: "manifests", by: BY_TIME },
    { "Glue: manifests-stream": streamingJob(workers) },
    { resource: "aws_glue_job", end: "tributary manifests stop" },
  );
}

function alarmCosts(environment: Environment): Cost[] {
  return ["shared" as const, ...environment.pipelines].flatMap((pipeline) =>
    costs(
      { layer: "observability", pipeline, by: BY_TIME },
      { "CloudWatch: alarms": alarms(alarmsOf(environment, pipeline)) },
      { resource: "aws_cloudwatch_metric_alarm" },
    ),
  );
}

/** Alarms of a pipeline: errors and throttles of each function, failed events of those called by events, and its own. */
function alarmsOf(environment: Environment, pipeline: Pipeline | "shared"): number {
  const isIts = (name: string) => {
    const users = pipelinesOf(name);
    return pipeline === "shared" ? users.length > 1 : users.length === 1 && users[0] === pipeline;
  };
  const ofFunctions = functionsOf(environment)
    .filter(isIts)
    .map((name) => (SYNCHRONOUS_FUNCTIONS.includes(name) ? 2 : 3));
  const pager = pipeline === "shared" && environment.alerts.pagerSecrets.length > 0 ? 3 : 0;
  const isManaged = pipeline === "ledger" && environment.ledger.postgres.server === "managed";
  const own = ALARMS[pipeline] + (isManaged ? ALARMS.server : 0) + pager;
  return ofFunctions.reduce((total, number) => total + number, own);
}

/** What is paid whether files come or not, and follows no resource's attributes: metrics and polls. */
export function standingUse(environment: Environment): Cost[] {
  const all = ["shared" as const, ...environment.pipelines].flatMap((pipeline) => {
    const { always, withFiles } = METRICS[pipeline];
    const comes = pipeline !== "shared" && environment.usage[pipeline].filesPerHour > 0;
    const place = { layer: "compute", pipeline } as const;
    return [
      ...costs(
        { ...place, by: BY_TIME },
        { "CloudWatch: metrics": priced(PRICES.metric, many(always, "metric")) },
      ),
      ...costs(
        { ...place, by: "files" },
        { "CloudWatch: metrics of files": priced(PRICES.metric, many(comes ? withFiles : 0, "metric")) },
      ),
    ];
  });
  return [...all, ...schedules(environment)];
}

function schedules(environment: Environment): Cost[] {
  const { storage, uploads, manifests, ledger } = environment;
  const minutes = MONTH_HOURS * 60;
  const rounds: Readonly<Record<Pipeline | "shared", number>> = {
    shared: minutes / storage.raw.untakenMinutes + minutes / storage.audit.mergeMinutes,
    uploads: minutes / uploads.reconcile.rateMinutes,
    manifests: minutes + minutes / manifests.reconcile.rateMinutes,
    ledger: minutes / 5 + (ledger.scheduled ? minutes / ledger.batch.rateMinutes : 0),
  };
  return (["shared", ...environment.pipelines] as const).flatMap((pipeline) =>
    costs(
      { layer: "compute", pipeline, by: BY_TIME },
      { "EventBridge: Scheduler": priced(PRICES.scheduled, [rounds[pipeline], "starts"]) },
    ),
  );
}
