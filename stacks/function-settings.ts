import type { FunctionSettings } from "../constructs/functions/bundled-function";
import { type Environment, reservedExecutions } from "../environments/schema";
import type { StorageStack } from "./storage/stack";

/** Settings that all functions of an environment share. */
export function functionSettings(environment: Environment, storage: StorageStack): FunctionSettings {
  const { account, region, functions, logs } = environment;
  return {
    account,
    region,
    artifacts: storage.artifacts,
    keyArn: storage.operationsKey.arn,
    tlsOnly: environment.storage.tlsOnly,
    memorySizeMegabytes: functions.memoryMegabytes,
    timeoutSeconds: functions.timeoutSeconds,
    maximumRetryAttempts: functions.retries,
    reservedExecutions: reservedExecutions(environment),
    logRetentionDays: logs.retentionDays,
  };
}
