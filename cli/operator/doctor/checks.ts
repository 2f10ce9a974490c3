import { concurrencyCheck } from "./account/concurrency";
import { costTagCheck } from "./account/cost-tag";
import { glueQuotasCheck } from "./account/glue-quotas";
import { guardDutyCheck } from "./account/guard-duty";
import { lakeFormationCheck } from "./account/lake-formation";
import { postgresVersionCheck } from "./account/postgres-version";
import { rawBucketCheck } from "./account/raw-bucket";
import { ciCheck, deployersCheck } from "./account/roles";
import { stateBucketCheck } from "./account/state-bucket";
import { subscriptionsCheck } from "./account/subscriptions";
import { endpointsCheck, instanceClassCheck, zonesCheck } from "./account/zones";
import type { Check } from "./check";
import { codeCheck } from "./deployed/code";
import { invocationsCheck } from "./deployed/functions-at-work";
import { eventSourcesCheck, streamCheck } from "./deployed/intake";
import { rulesCheck, schedulesCheck, triggersCheck } from "./deployed/schedules";
import { clockCheck } from "./machine/clock";
import { diskCheck } from "./machine/disk";
import { nodeCheck, providerCheck, pythonCheck, terraformCheck } from "./machine/tools";
import { accountCheck, regionCheck } from "./settings/credentials";
import { placeholdersCheck } from "./settings/placeholders";
import { servicesCheck } from "./settings/services";

/** All checks, in the order in which they are shown. */
export const CHECKS: readonly Check[] = [
  nodeCheck,
  pythonCheck,
  terraformCheck,
  providerCheck,
  diskCheck,
  clockCheck,
  placeholdersCheck,
  accountCheck,
  regionCheck,
  servicesCheck,
  stateBucketCheck,
  rawBucketCheck,
  concurrencyCheck,
  zonesCheck,
  endpointsCheck,
  instanceClassCheck,
  postgresVersionCheck,
  glueQuotasCheck,
  lakeFormationCheck,
  costTagCheck,
  subscriptionsCheck,
  ciCheck,
  deployersCheck,
  guardDutyCheck,
  schedulesCheck,
  rulesCheck,
  triggersCheck,
  eventSourcesCheck,
  streamCheck,
  invocationsCheck,
  codeCheck,
];
