import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Bodies } from "./bodies";
import { type Clock, MINUTE_MILLISECONDS, timeOfDay } from "./clock";
import type { RunnerContext } from "./execution";
import { JobStore, jobOfArn } from "./job-store";
import { jobOperations, type Operation, triggerOperations, workflowOperations } from "./operations";
import { type Answer, passOn, sendAnswer } from "./pass-on";
import { GlueError, type JsonObject, operationOf, sendError, sendResult, sendTooLarge } from "./protocol";
import { RunScheduler } from "./run-scheduler";
import { TriggerScheduler } from "./trigger-scheduler";
import { TriggerStore } from "./trigger-store";
import { WorkflowRuns } from "./workflow-runs";
import { WorkflowStore } from "./workflow-store";

export interface GlueRunnerOptions {
  /** Interpreter of the project's virtual environment. */
  readonly python: string;
  /** An existing folder, in which each run works in one of its own. */
  readonly folder: string;
  /** Variables of jobs, in addition to AWS's own. @default - nothing */
  readonly variables?: Readonly<Record<string, string>>;
  readonly warn: (message: string) => void;
  /** Duration of a minute of a job's timeout. @default 60000 */
  readonly minuteMilliseconds?: number;
  /** Clock of scheduled triggers. @default - the time of day */
  readonly clock?: Clock;
}

export interface GlueRunner {
  readonly endpoint: string;
  /** Names the emulator, which is started after the runner, for it hands the runner's endpoint to its functions. */
  connect(emulatorEndpoint: string): void;
  /** Ends a run of a streaming job as its maintenance window would, for tests: its state becomes EXPIRED. */
  expire(jobName: string, runId: string): void;
  /** Stops every run, then the service. Safe to repeat. */
  stop(): Promise<void>;
}

/** Starts the Glue service on a free loopback port. */
export async function startGlueRunner(options: GlueRunnerOptions): Promise<GlueRunner> {
  let endpoint = "";
  let emulator: string | undefined;
  const context = (): RunnerContext => {
    if (emulator === undefined) {
      throw new GlueError(
        "InternalServiceException",
        "the Glue runner has no emulator yet; connect it first",
      );
    }
    return { variables: {}, ...options, endpoint: emulator, glueEndpoint: endpoint };
  };
  const jobs = new JobStore();
  const runs = new RunScheduler(jobs, context, options.minuteMilliseconds ?? MINUTE_MILLISECONDS);
  const workflows = new WorkflowStore();
  const triggers = new TriggerStore(workflows);
  const workflowRuns = new WorkflowRuns(workflows, triggers);
  const scheduler = new TriggerScheduler(triggers, workflows, workflowRuns, runs, options.warn);
  runs.observer = scheduler;
  const operations = new Map([
    ...jobOperations(jobs, runs),
    ...triggerOperations(triggers, scheduler),
    ...workflowOperations(workflows, workflowRuns, scheduler),
  ]);
  const stopClock = (options.clock ?? timeOfDay).eachMinute((time) => scheduler.tick(time));
  const bodies = new Bodies();
  const server = createServer((request, response) => {
    const work = (body: Buffer | undefined) =>
      body === undefined
        ? sendTooLarge(response)
        : answer(operations, context().endpoint, request, body, response);
    bodies.read(request, work).catch((error: Error) => {
      options.warn(`Glue call ${operationOf(request)}: ${error.message}`);
      sendError(response, new GlueError("InternalServiceException", error.message));
    });
  });
  endpoint = await listen(server);
  const connect = (emulatorEndpoint: string) => {
    emulator = emulatorEndpoint;
  };
  const stop = async () => {
    stopClock();
    await runs.close();
    server.closeAllConnections();
    server.close();
  };
  const expire = (jobName: string, runId: string) => runs.expire(jobName, runId);
  return { endpoint, connect, expire, stop };
}

/** Executes a call that is ours, if the emulator lets the caller make it, and forwards every other. */
async function answer(
  operations: ReadonlyMap<string, Operation>,
  emulator: string,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const passedOn = await passOn(emulator, request, body);
  const operation = operations.get(operationOf(request));
  const input: JsonObject = operation ? JSON.parse(body.toString() || "{}") : {};
  const isOurs = operation && (input["ResourceArn"] === undefined || jobOfArn(input["ResourceArn"]));
  if (!isOurs || isRefusal(passedOn)) return sendAnswer(response, passedOn);
  try {
    sendResult(response, operation(input));
  } catch (error) {
    if (!(error instanceof GlueError)) throw error;
    sendError(response, error);
  }
}

/** Errors by which the emulator says of a call that it would let the caller make it. */
const UNKNOWN_THERE: readonly unknown[] = ["InvalidAction", "EntityNotFoundException"];

/**
 * Returns whether the emulator refused the caller, for a signature that is not of this run or, where it enforces
 * roles, for want of rights. Messages do not count, for they quote the caller.
 */
function isRefusal({ status, body }: Answer): boolean {
  return status >= 400 && !UNKNOWN_THERE.includes(errorName(body));
}

function errorName(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()).__type;
  } catch {
    return undefined;
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject).listen(0, "127.0.0.1", resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
