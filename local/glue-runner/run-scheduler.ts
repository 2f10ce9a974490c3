import { emitStateChange } from "./event-emitter";
import { execute, type RunnerContext } from "./execution";
import { type Job, type JobStore, refuseTimeout } from "./job-store";
import { GlueError, type JsonObject, page } from "./protocol";
import { changeState, type EndState, endRun, firstRun, hasEnded, type JobRun, retryOf } from "./run";

/** Run in progress. */
interface ActiveRun {
  readonly run: JobRun;
  readonly aborter: AbortController;
  /** Reason of the abort, where it was aborted. */
  reason?: AbortReason;
}

type AbortReason = Extract<EndState, "STOPPED" | "TIMEOUT" | "EXPIRED">;

/** Observer of every run. */
export interface RunObserver {
  /** An attempt begins. */
  began(run: JobRun): void;
  /** A run has ended for good: no further attempt follows. */
  completed(run: JobRun): void;
}

/** Starts, watches, stops and retries runs, with Glue's rules. */
export class RunScheduler {
  /** Runs by job name, newest first. */
  private readonly runs = new Map<string, JobRun[]>();
  private readonly active = new Map<string, ActiveRun>();
  private readonly working = new Set<Promise<void>>();
  private closing = false;
  observer: RunObserver | undefined;

  /**
   * Creates a scheduler.
   *
   * @param minuteMilliseconds duration of a minute of a job's timeout
   */
  constructor(
    private readonly jobs: JobStore,
    private readonly context: () => RunnerContext,
    private readonly minuteMilliseconds: number,
  ) {}

  start({ TriggerName: _, ...request }: JsonObject): JsonObject {
    return { JobRunId: this.begin(request).Id };
  }

  /** Starts a run. @throws GlueError ConcurrentRunsExceededException where the job has as many as it may have. */
  begin(request: JsonObject): JobRun {
    const job = this.jobs.find(request["JobName"]);
    refuseTimeout(request);
    const limit = job.ExecutionProperty.MaxConcurrentRuns;
    if (this.runsOf(job.Name).filter((run) => !hasEnded(run)).length >= limit) {
      throw new GlueError("ConcurrentRunsExceededException", `Concurrent runs exceeded for ${job.Name}`);
    }
    const run = firstRun(job, request);
    this.launch(job, request, run);
    return run;
  }

  /**
   * Starts a run for a trigger. One beyond the job's maximum is not refused: it is there, and has failed.
   *
   * @see https://docs.aws.amazon.com/glue/latest/dg/job-run-statuses.html (2026-11-30)
   */
  beginByTrigger(request: JsonObject): JobRun {
    try {
      return this.begin(request);
    } catch (error) {
      if ((error as Error).name !== "ConcurrentRunsExceededException") throw error;
      return this.failed(request);
    }
  }

  private failed(request: JsonObject): JobRun {
    const job = this.jobs.find(request["JobName"]);
    const run = firstRun(job, request);
    this.runs.set(job.Name, [run, ...this.runsOf(job.Name)]);
    this.work(run, this.fail(run));
    return run;
  }

  private async fail(run: JobRun): Promise<void> {
    await Promise.resolve(); // until the trigger has noted what it began
    endRun(run, "FAILED", 0, "The job exceeded its maximum allowed concurrent runs");
    await this.tell(run, "FAILED");
  }

  get(request: JsonObject): JsonObject {
    return { JobRun: this.find(this.jobs.find(request["JobName"]), request["RunId"]) };
  }

  getAll(request: JsonObject): JsonObject {
    const { items, next } = page(this.runsOf(this.jobs.find(request["JobName"]).Name), request);
    return { JobRuns: items, ...next };
  }

  batchStop(request: JsonObject): JsonObject {
    const job = this.jobs.find(request["JobName"]);
    const SuccessfulSubmissions: JsonObject[] = [];
    const Errors: JsonObject[] = [];
    for (const id of request["JobRunIds"] as string[]) {
      const names = { JobName: job.Name, JobRunId: id };
      try {
        this.stop(this.find(job, id));
        SuccessfulSubmissions.push(names);
      } catch (error) {
        if (!(error instanceof GlueError)) throw error;
        Errors.push({ ...names, ErrorDetail: { ErrorCode: error.name, ErrorMessage: error.message } });
      }
    }
    return { SuccessfulSubmissions, Errors };
  }

  /** Ends a run as Glue does in the maintenance window of its job, which does not occur here. */
  expire(jobName: string, runId: string): void {
    const active = this.active.get(this.find(this.jobs.find(jobName), runId).Id);
    if (active) abort(active, "EXPIRED");
  }

  /** Stops every run and waits for the end of each; nothing starts and no event is sent from now on. */
  async close(): Promise<void> {
    this.closing = true;
    for (const active of this.active.values()) abort(active, "STOPPED");
    await Promise.all(this.working);
  }

  private runsOf(name: string): JobRun[] {
    return this.runs.get(name) ?? [];
  }

  private find(job: Job, id: unknown): JobRun {
    const run = this.runsOf(job.Name).find((candidate) => candidate.Id === id);
    if (!run) throw new GlueError("EntityNotFoundException", `Job Run ${String(id)} not found.`);
    return run;
  }

  /**
   * Stops a run.
   *
   * @throws GlueError InvalidInputException where it has ended
   */
  stop(run: JobRun): void {
    const active = this.active.get(run.Id);
    if (!active || hasEnded(run)) {
      throw new GlueError("InvalidInputException", `Job Run ${run.Id} has ended (${run.JobRunState}).`);
    }
    changeState(run, "STOPPING");
    abort(active, "STOPPED");
  }

  private launch(job: Job, request: JsonObject, run: JobRun): void {
    if (this.closing) throw new GlueError("InternalServiceException", "the Glue runner is stopping");
    this.runs.set(job.Name, [run, ...this.runsOf(job.Name)]);
    this.observer?.began(run);
    this.work(run, this.carryOut(job, request, run));
  }

  private work(run: JobRun, done: Promise<void>): void {
    const work = done
      .catch((error: Error) => this.context().warn(`run ${run.Id}: ${error.message}`))
      .finally(() => this.working.delete(work));
    this.working.add(work);
  }

  private async carryOut(job: Job, request: JsonObject, run: JobRun): Promise<void> {
    const active: ActiveRun = { run, aborter: new AbortController() };
    this.active.set(run.Id, active);
    let began: number | undefined;
    let timer: NodeJS.Timeout | undefined;
    const onRunning = () => {
      if (active.reason) return;
      changeState(run, "RUNNING");
      began = performance.now();
      timer = setTimeout(() => abort(active, "TIMEOUT"), run.Timeout * this.minuteMilliseconds);
    };
    const failure = await execute(this.context(), job, run, onRunning, active.aborter.signal);
    clearTimeout(timer);
    this.active.delete(run.Id);
    const state: EndState = active.reason ?? (failure === undefined ? "SUCCEEDED" : "FAILED");
    const seconds = began === undefined ? 0 : (performance.now() - began) / 1000;
    endRun(run, state, seconds, messageOf(state, failure));
    await this.follow(job, request, run, state);
  }

  /** Follows the end of a run: another attempt after a failure, and the event. */
  private async follow(job: Job, request: JsonObject, run: JobRun, state: EndState): Promise<void> {
    if (this.closing) return;
    if (state === "FAILED" && run.Attempt < job.MaxRetries) {
      this.launch(job, request, retryOf(job, request, run));
      await emitStateChange(this.context().endpoint, run, state);
    } else {
      await this.tell(run, state);
    }
  }

  /** Tells of a run that has ended for good. */
  private async tell(run: JobRun, state: EndState): Promise<void> {
    this.observer?.completed(run);
    await emitStateChange(this.context().endpoint, run, state);
  }
}

function abort(active: ActiveRun, reason: AbortReason): void {
  active.reason ??= reason;
  active.aborter.abort();
}

function messageOf(state: EndState, failure: string | undefined): string | undefined {
  if (state === "TIMEOUT") return "Job run timed out";
  return state === "FAILED" ? failure : undefined;
}
