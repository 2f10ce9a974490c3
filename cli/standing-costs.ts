import {
  type Environment,
  hasPipeline,
  interfaceEndpointsOf,
  usesPrivateSubnets,
} from "../environments/schema";
import { DOLLARS_PER_DPU_HOUR, DPUS } from "../runtime/prices";
import { dollars, table } from "./operator/command/tables";

/** Something that costs the same whether files come or not. */
export interface StandingCost {
  readonly what: string;
  /** By list prices of us-east-1; undefined where this page knows no price. */
  readonly dollarsPerHour: number | undefined;
  readonly arithmetic: string;
  /** What makes it cost nothing more. */
  readonly end: string;
}

/**
 * Dollars an hour of a managed server in one zone; a standby doubles them.
 *
 * @see https://infratally.com/articles/aws-rds-pricing-explained-2026.html (2026-11-30)
 */
const SERVER_HOUR: Readonly<Record<string, number>> = {
  "db.t4g.micro": 0.016,
  "db.t4g.small": 0.032,
  "db.t4g.medium": 0.065,
  "db.m7g.large": 0.168,
};
/** Dollars a month of a gigabyte of gp3 of a managed server, in one zone. */
const SERVER_GIGABYTE_MONTH = 0.115;
const MONTH_HOURS = 730;
/**
 * Dollars an hour of a gateway, and of an interface endpoint in one zone.
 *
 * @see https://www.zacfukuda.com/blog/aws-nat-gateway-vs-vpc-endpoint (2026-11-30)
 */
const NAT_HOUR = 0.045;
const ENDPOINT_HOUR = 0.01;
/** Minutes that a run of Glue is billed for at least. */
const LEAST_MINUTES = 1;
/** Minutes of a listing that finds nothing new. */
const LISTING_MINUTES = 2;
const LISTER_WORKERS = 2;
const DESTROYED = "it is destroyed";

/** Computes what the environment's pipelines and settings cost as long as it is deployed. */
export function standingCosts(environment: Environment): StandingCost[] {
  const ofManifests = hasPipeline(environment, "manifests") ? [streamingJob] : [];
  const ofLedger = hasPipeline(environment, "ledger") ? [server, rounds] : [];
  return [...ofManifests, ...ofLedger, network].flatMap((costs) => costs(environment));
}

function streamingJob({ manifests: { workers } }: Environment): StandingCost[] {
  const dpus = workers.number * (DPUS[workers.type] ?? 0);
  return [
    {
      what: "Glue: manifests-stream",
      dollarsPerHour: dpus * DOLLARS_PER_DPU_HOUR,
      arithmetic: `${workers.number} workers ${workers.type} = ${dpus} DPU × ${DOLLARS_PER_DPU_HOUR} × 24`,
      end: "tributary manifests stop",
    },
  ];
}

function server({ ledger: { postgres } }: Environment): StandingCost[] {
  if (postgres.server !== "managed") return [];
  const { instanceClass, storageGigabytes, multiZone } = postgres;
  const zones = multiZone ? 2 : 1;
  const hour = SERVER_HOUR[instanceClass];
  return [
    {
      what: `RDS: ${instanceClass}${multiZone ? " with a standby" : ""}`,
      dollarsPerHour: hour === undefined ? undefined : zones * hour,
      arithmetic:
        hour === undefined ? "see aws.amazon.com/rds/postgresql/pricing" : `${zones} × ${hour} × 24`,
      end: DESTROYED,
    },
    {
      what: "RDS: storage",
      dollarsPerHour: (zones * storageGigabytes * SERVER_GIGABYTE_MONTH) / MONTH_HOURS,
      arithmetic: `${zones} × ${storageGigabytes} GB × ${SERVER_GIGABYTE_MONTH} a month`,
      end: DESTROYED,
    },
  ];
}

function network(environment: Environment): StandingCost[] {
  const { egress, natGateways, zones } = environment.network;
  const hasGateways = egress === "nat" && usesPrivateSubnets(environment);
  const gateways = hasGateways ? (natGateways === "one" ? 1 : zones.length) : 0;
  const services = interfaceEndpointsOf(environment).length;
  return [
    {
      what: "VPC: NAT gateways",
      dollarsPerHour: gateways * NAT_HOUR,
      arithmetic: `${gateways} × ${NAT_HOUR} × 24, and ${NAT_HOUR} a GB`,
      end: DESTROYED,
    },
    {
      what: "VPC: interface endpoints",
      dollarsPerHour: services * zones.length * ENDPOINT_HOUR,
      arithmetic: `${services} services × ${zones.length} zones × ${ENDPOINT_HOUR} × 24`,
      end: DESTROYED,
    },
  ].filter(({ dollarsPerHour }) => dollarsPerHour > 0);
}

/** Runs by the clock that find nothing to do. */
function rounds({ ledger: { scheduled, batch } }: Environment): StandingCost[] {
  if (!scheduled) return [];
  const { type, number } = batch.workers;
  const batchDpus = number * (DPUS[type] ?? 0);
  const runs = (24 * 60) / batch.rateMinutes;
  const end = "ledger.scheduled: false";
  return [
    {
      what: "Glue: ledger-batch, without work",
      dollarsPerHour: ((runs / 24) * LEAST_MINUTES * batchDpus * DOLLARS_PER_DPU_HOUR) / 60,
      arithmetic: `${runs} runs of a minute × ${batchDpus} DPU × ${DOLLARS_PER_DPU_HOUR}`,
      end,
    },
    {
      what: "Glue: ledger-lister, nothing new",
      dollarsPerHour: (LISTING_MINUTES * LISTER_WORKERS * DOLLARS_PER_DPU_HOUR) / 60 / 24,
      arithmetic: `a run of ${LISTING_MINUTES} minutes × ${LISTER_WORKERS} DPU × ${DOLLARS_PER_DPU_HOUR}`,
      end,
    },
  ];
}

/** Says what the environment costs a day from its deploy on, and how what can be ended is ended. */
export function standingCostsText(environment: Environment): string {
  const costs = standingCosts(environment);
  if (costs.length === 0) return "nothing that costs by the hour runs without files";
  const aDay = (hour: number) => dollars(24 * hour);
  const sum = costs.reduce((total, { dollarsPerHour = 0 }) => total + dollarsPerHour, 0);
  const rows = table(
    [
      { head: "runs once deployed", cell: ({ what }) => what },
      { head: "a day", cell: ({ dollarsPerHour: hour }) => (hour === undefined ? undefined : aDay(hour)) },
      { head: "arithmetic", cell: ({ arithmetic }) => arithmetic },
      { head: "until", cell: ({ end }) => end },
    ],
    costs,
  );
  return [
    rows,
    `${aDay(sum)} a day by the list prices of us-east-1; what files cause comes on top, and logs, alarms and keys: docs/costs.md`,
    ...(hasPipeline(environment, "manifests")
      ? [
          `the streaming job starts within a minute of the first deploy, and again whenever it ends, until npx tributary manifests stop --environment ${environment.name}`,
        ]
      : []),
  ].join("\n");
}
