import {
  type EventSourceMappingConfiguration,
  GetFunctionConfigurationCommand,
  type LambdaClient,
  paginateListEventSourceMappings,
} from "@aws-sdk/client-lambda";

/** Settings of a queue's deployed event source mapping. */
export interface Mapping {
  readonly id: string;
  readonly queueArn: string;
  readonly functionArn: string;
  /** Role of the function, with whose rights Lambda reads the queue. */
  readonly roleArn: string;
  /** Maximum number of messages of one invocation. */
  readonly batchSize: number;
  /** Seconds for which messages are gathered, from a batch's first one on. */
  readonly windowSeconds: number;
  /** Maximum number of concurrent invocations. */
  readonly maximumConcurrency: number;
  /** True where the function's answer names the messages that failed (`ReportBatchItemFailures`). */
  readonly reportsFailures: boolean;
}

const DEFAULT_BATCH_SIZE = 10;
/** Lambda's own limit where a mapping sets none. */
const DEFAULT_CONCURRENCY = 1250;

/** Reads the mappings of queues that are deployed disabled: those are ours to serve. */
export async function servedMappings(lambda: LambdaClient): Promise<Mapping[]> {
  const served: Mapping[] = [];
  for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client: lambda }, {})) {
    for (const found of EventSourceMappings) {
      if (found.State === "Disabled" && found.EventSourceArn?.split(":")[2] === "sqs") {
        served.push(await mappingOf(lambda, found));
      }
    }
  }
  return served;
}

async function mappingOf(lambda: LambdaClient, found: EventSourceMappingConfiguration): Promise<Mapping> {
  const { Role = "" } = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: found.FunctionArn }),
  );
  return {
    id: found.UUID ?? "",
    queueArn: found.EventSourceArn ?? "",
    functionArn: found.FunctionArn ?? "",
    roleArn: Role,
    batchSize: found.BatchSize ?? DEFAULT_BATCH_SIZE,
    windowSeconds: found.MaximumBatchingWindowInSeconds ?? 0,
    maximumConcurrency: found.ScalingConfig?.MaximumConcurrency ?? DEFAULT_CONCURRENCY,
    reportsFailures: (found.FunctionResponseTypes ?? []).includes("ReportBatchItemFailures"),
  };
}
