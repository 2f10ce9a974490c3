import type { Alert } from "../../../runtime/aws/alerts";
import type { EndAnswer } from "./restart-policy";
import type { Run } from "./run";

/** First steps by the text of an error, which docs/operations.md has, too. The first match counts. */
export const NEXT_STEPS: readonly (readonly [RegExp, string])[] = [
  [
    /AccessDenied|not authorized|is not authorized to perform|Forbidden|403/i,
    "compare the action and the resource that the error names with the policy of the job's role and of the key",
  ],
  [
    /ModuleNotFoundError|ImportError|No module named|SyntaxError/i,
    "the job's package or its wheels do not fit the script: deploy again, then look at what it logged (tributary logs manifests-stream)",
  ],
  [
    /No space left on device|ENOSPC|disk full/i,
    "the worker's disk is full: fewer slots, smaller manifests (manifests.maximumMegabytes) or a larger worker type",
  ],
  [
    /OutOfMemory|out of memory|MemoryError|exit code 137|SIGKILL|Container killed/i,
    "memory ran out: fewer slots (manifest.slots) or a larger worker type; a file that does it alone is quarantined",
  ],
  [
    /Throttl|Rate exceeded|SlowDown|ProvisionedThroughputExceeded|TooManyRequests/i,
    "a service asked for fewer calls: the next run goes on by itself; if it repeats, look for the quota",
  ],
  [
    /ResourceNumberLimitExceeded|ConcurrentRunsExceeded|max(imum)? (concurrent|capacity|DPU)|DPU limit/i,
    "the account's quota of Glue runs or DPUs is used up: stop other runs or ask for more",
  ],
  [
    /InsufficientCapacity|capacity.*unavailable|resource unavailable|unable to (provision|acquire)/i,
    "Glue has no workers now: the next run goes on by itself; fewer workers (tributary manifests scale) start sooner",
  ],
  [
    /NonExistentQueue|NoSuchBucket|NoSuchKey|ResourceNotFound|EntityNotFound/i,
    "something that the job needs is not there: compare the names in its arguments with what is deployed, then deploy",
  ],
  [
    /timed? ?out|Timeout|Could not connect|EndpointConnectionError|UnknownHost/i,
    "a service was not reached in time: check the job's connection and its endpoints when it repeats",
  ],
  [
    /ExpiredToken|InvalidClientTokenId|security token/i,
    "the role's credentials were refused: check that the role still exists and trusts glue.amazonaws.com",
  ],
];

/** Finds the first step about an error of a run of the job. */
export function nextStep(error: string, jobName: string): string {
  const known = NEXT_STEPS.find(([pattern]) => pattern.test(error));
  return (
    known?.[1] ??
    `look at what the run logged: tributary logs manifests-stream (log group /aws-glue/jobs/${jobName}/error)`
  );
}

/** Builds the alert that reports the end of a run. */
export function alertOfEnd(
  environment: string,
  run: Run,
  { failed, failures, nextStartAt }: EndAnswer,
): Alert {
  const reason = run.error ?? "Glue gives no reason";
  const times = failures > 1 ? `, ${failures} ends in a row that nobody asked for` : "";
  const next = nextStartAt ? `; the next one starts at ${nextStartAt.toISOString()}` : "";
  return {
    environment,
    severity: failed ? "error" : "warning",
    summary: `streaming job ${run.jobName} of ${environment} ended ${run.state} (run ${run.id})${times}${next}`,
    reason,
    nextStep: nextStep(reason, run.jobName),
    jobName: run.jobName,
    jobRunId: run.id,
  };
}
