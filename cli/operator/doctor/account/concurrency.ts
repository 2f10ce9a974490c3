import { GetAccountSettingsCommand } from "@aws-sdk/client-lambda";
import { type Environment, reservedExecutions, UNRESERVED_EXECUTIONS } from "../../../../environments/schema";
import { type Check, failure, ok, warning } from "../check";
import { quotaLink } from "../links";

/** Executions below which functions without a reservation stand in each other's way. */
const FEW = 100;

/** Quota `Concurrent executions`. */
const QUOTA = "L-B99A9384";

export const concurrencyCheck: Check = {
  group: "account",
  name: "Lambda's concurrency",
  actions: ["lambda:GetAccountSettings", "lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"],
  look: async ({ aws, environment, functions }) => {
    const { AccountLimit = {} } = await aws.lambda.send(new GetAccountSettingsCommand({}));
    const { ConcurrentExecutions: limit = 0, UnreservedConcurrentExecutions: unreserved = 0 } = AccountLimit;
    const ours = (await functions()).reduce((sum, { reserved }) => sum + reserved, 0);
    const others = limit - unreserved - ours;
    const wanted = reservedBy(environment);
    const link = quotaLink(environment.region, "lambda", QUOTA);
    const reservable = Math.max(0, limit - others - UNRESERVED_EXECUTIONS);
    if (wanted > reservable) {
      const least = wanted + others + UNRESERVED_EXECUTIONS;
      return [
        failure(
          `${environment.name} reserves ${wanted} executions, and of the account's ${limit} it can have ${reservable}: ` +
            `${others} are reserved by others, and Lambda keeps ${UNRESERVED_EXECUTIONS} unreserved`,
          {
            wayOut: `ask for a quota of ${least} or more, or reserve less: functions.reservedConcurrency, functions.reserve`,
            link,
          },
        ),
      ];
    }
    if (limit - others - wanted < FEW) {
      const wayOut = "ask for the usual quota of 1000; until then a burst is throttled, and repeated";
      return [warning(`${limit} executions for all functions of the account`, { wayOut, link })];
    }
    return [ok(`${wanted} reserved of ${limit}, ${others} by others`)];
  },
};

/** Executions that the environment's functions reserve together. */
function reservedBy(environment: Environment): number {
  return Object.values(reservedExecutions(environment)).reduce((sum, each) => sum + each, 0);
}
