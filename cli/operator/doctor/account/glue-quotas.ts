import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  type ServiceQuotasClient,
} from "@aws-sdk/client-service-quotas";
import { type Environment, type JobName, jobsOf, LISTER_WORKERS } from "../../../../environments/schema";
import { DPUS } from "../../../../runtime/prices/glue";
import { type Check, type Finding, failure, ok, otherwiseOk } from "../check";
import { quotaLink } from "../links";

/** What all runs of the environment's jobs take together at most. */
interface Demand {
  readonly runs: number;
  readonly runsOfOneJob: number;
  readonly dpus: number;
}

/** Quotas of Glue that runs count against. */
const QUOTAS = [
  { code: "L-5E4153CA", what: "concurrent runs of all jobs", of: ({ runs }: Demand) => runs },
  { code: "L-F574AED9", what: "concurrent runs of one job", of: ({ runsOfOneJob }: Demand) => runsOfOneJob },
  { code: "L-08F3B322", what: "DPUs of all runs", of: ({ dpus }: Demand) => dpus },
] as const;

/**
 * Compares the settings with Glue's quotas for runs. Other environments of the account, and others' jobs, count
 * against them, too.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/glue.html (2026-11-30)
 */
export const glueQuotasCheck: Check = {
  group: "account",
  name: "Glue's quotas",
  actions: ["servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"],
  look: async ({ aws, environment }) => {
    const demand = demandOf(environment);
    const findings = await Promise.all(
      QUOTAS.map(async ({ code, what, of }): Promise<Finding> => {
        const quota = await quotaOf(aws.quotas, code);
        const wanted = of(demand);
        if (wanted <= quota) return ok(`${what}: ${wanted} of ${quota}`);
        return failure(`${what}: the settings come to ${wanted}, and the account has ${quota}`, {
          wayOut: "ask for more, or set fewer workers or runs",
          link: quotaLink(environment.region, "glue", code),
        });
      }),
    );
    const tooLow = findings.filter(({ status }) => status !== "ok");
    return otherwiseOk(tooLow, findings.map(({ message }) => message).join(", "));
  },
};

function demandOf(environment: Environment): Demand {
  const { uploads, manifests, ledger } = environment;
  const { concurrentRuns, workers } = ledger.batch;
  const dpusOf = (type: string, number: number) => (DPUS[type] ?? 1) * number;
  const jobs: Readonly<Record<JobName, { readonly runs: number; readonly dpus: number }>> = {
    "uploads-job": { runs: 1, dpus: dpusOf(uploads.workers.type, uploads.workers.maximum) },
    "manifests-stream": { runs: 1, dpus: dpusOf(manifests.workers.type, manifests.workers.number) },
    "ledger-lister": { runs: 1, dpus: dpusOf(LISTER_WORKERS.type, LISTER_WORKERS.maximum) },
    "ledger-batch": { runs: concurrentRuns, dpus: concurrentRuns * dpusOf(workers.type, workers.maximum) },
  };
  const own = jobsOf(environment).map((name) => jobs[name]);
  return {
    runs: own.reduce((sum, { runs }) => sum + runs, 0),
    runsOfOneJob: Math.max(...own.map(({ runs }) => runs)),
    dpus: own.reduce((sum, { dpus }) => sum + dpus, 0),
  };
}

/** Value of a quota; where nobody asked for another, some accounts have AWS's default alone. */
async function quotaOf(client: ServiceQuotasClient, QuotaCode: string): Promise<number> {
  const quota = { ServiceCode: "glue", QuotaCode };
  try {
    const { Quota } = await client.send(new GetServiceQuotaCommand(quota));
    if (Quota?.Value !== undefined) return Quota.Value;
  } catch (error) {
    if ((error as Error).name !== "NoSuchResourceException") throw error;
  }
  const { Quota } = await client.send(new GetAWSDefaultServiceQuotaCommand(quota));
  return Quota?.Value ?? 0;
}
