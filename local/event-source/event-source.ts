import { setTimeout as sleep } from "node:timers/promises";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SQSClient } from "@aws-sdk/client-sqs";
import { assumeRole } from "../emulator/assume-role";
import { REGION, ROOT_CREDENTIALS } from "../emulator/emulator";
import { type Mapping, servedMappings } from "./mapping";
import { MappingServer } from "./mapping-server";
import type { Answer } from "./outcome";
import { Queue } from "./queue";

export interface EventSourceOptions {
  readonly endpoint: string;
  /** Receives what goes wrong: functions that fail, calls that are refused. */
  readonly warn: (message: string) => void;
  /** Interval at which deployed mappings are read. @default 2000 */
  readonly lookMilliseconds?: number;
}

export interface EventSource {
  /**
   * Begins no further batch and waits for those that are with a function. Messages of batches that were being
   * gathered are given back, so that nothing is lost and nothing waits. Safe to repeat.
   */
  stop(): Promise<void>;
}

/** Maximum time that a stop waits for functions: messages of longer ones return to their queue. */
const GRACE_MILLISECONDS = 5000;
const REST_MILLISECONDS = 500;
const LONGEST_REST_MILLISECONDS = 30_000;

/**
 * Delivers messages of queues to functions as Lambda documents it, for the mappings that are deployed disabled because
 * the emulator hands over ten messages at most and knows no window. What is deployed later or changed is taken up.
 *
 * Not served: queues that are FIFO, filter criteria.
 */
export function startEventSource(options: EventSourceOptions): EventSource {
  const lambda = new LambdaClient({
    endpoint: options.endpoint,
    region: REGION,
    credentials: ROOT_CREDENTIALS,
    // Refusals are repeated by a poller, which knows for how long.
    maxAttempts: 1,
  });
  const stopping = new AbortController();
  const work = serve(options, lambda, stopping.signal);
  const stop = async () => {
    stopping.abort();
    const given = new AbortController();
    await Promise.race([
      work,
      sleep(GRACE_MILLISECONDS, undefined, { signal: given.signal }).catch(() => undefined),
    ]);
    given.abort();
    lambda.destroy();
  };
  return { stop };
}

/** Reads the mappings again and again, and serves each with its newest settings. */
async function serve(options: EventSourceOptions, lambda: LambdaClient, signal: AbortSignal): Promise<void> {
  const servers = new Map<string, MappingServer>();
  const ending: Promise<void>[] = [];
  while (!signal.aborted) {
    try {
      const wanted = new Map(
        (await servedMappings(lambda)).map((mapping) => [JSON.stringify(mapping), mapping]),
      );
      for (const [settings, server] of servers) {
        if (!wanted.has(settings)) {
          servers.delete(settings);
          ending.push(server.end());
        }
      }
      for (const [settings, mapping] of wanted) {
        if (!servers.has(settings)) servers.set(settings, await serverOf(options, lambda, mapping, signal));
      }
    } catch (error) {
      options.warn(`event source mappings cannot be read: ${(error as Error).message}`);
    }
    await sleep(options.lookMilliseconds ?? 2000, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all([...ending, ...[...servers.values()].map((server) => server.end())]);
}

async function serverOf(
  { endpoint, warn }: EventSourceOptions,
  lambda: LambdaClient,
  mapping: Mapping,
  signal: AbortSignal,
): Promise<MappingServer> {
  // Asked again when they expire.
  const credentials = () => assumeRole(endpoint, mapping.roleArn, `event-source-${mapping.id}`);
  const sqs = new SQSClient({ endpoint, region: REGION, credentials });
  return new MappingServer({
    mapping,
    queue: await Queue.open(sqs, endpoint, mapping.queueArn),
    invoke: (functionArn, payload) => invoke(lambda, functionArn, payload),
    signal,
    warn,
    restMilliseconds: REST_MILLISECONDS,
    longestRestMilliseconds: LONGEST_REST_MILLISECONDS,
  });
}

async function invoke(lambda: LambdaClient, functionArn: string, event: string): Promise<Answer> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: functionArn, Payload: Buffer.from(event) }),
  );
  const payload = Buffer.from(Payload ?? []).toString();
  return FunctionError === undefined ? { payload } : { functionError: FunctionError, payload };
}
