import { GlueError, type JsonObject, now, page } from "./protocol";

/** Job definition: every field as it was given, for a dropped one shows as drift in a Terraform plan. */
export interface Job extends JsonObject {
  readonly Name: string;
  readonly Role: string;
  readonly Command: { readonly Name: string; readonly ScriptLocation: string };
  readonly DefaultArguments?: Readonly<Record<string, string>>;
  readonly NonOverridableArguments?: Readonly<Record<string, string>>;
  readonly ExecutionProperty: { readonly MaxConcurrentRuns: number };
  readonly MaxRetries: number;
  /** Minutes. */
  readonly Timeout: number;
}

/** Values that Glue fills in; the timeout is that of Glue 5.0, of streaming jobs too. */
const DEFAULTS = { ExecutionProperty: { MaxConcurrentRuns: 1 }, MaxRetries: 0, Timeout: 480 };
/** Minutes that a timeout must be below, by the stricter reading of Glue's documentation. */
const TIMEOUT_LIMIT = 10_080;

/** The definitions of jobs and their tags, in memory. */
export class JobStore {
  private readonly jobs = new Map<string, Job>();
  private readonly tags = new Map<string, Record<string, string>>();

  /**
   * Finds a job.
   *
   * @throws GlueError EntityNotFoundException
   */
  find(name: unknown): Job {
    const job = this.jobs.get(String(name));
    if (!job) throw new GlueError("EntityNotFoundException", `Job ${String(name)} not found.`);
    return job;
  }

  create({ Tags, ...fields }: JsonObject): JsonObject {
    const job = definition(fields, now());
    if (this.jobs.has(job.Name)) {
      throw new GlueError("AlreadyExistsException", `Job ${job.Name} already exists.`);
    }
    this.jobs.set(job.Name, job);
    this.tags.set(job.Name, { ...(Tags as Record<string, string> | undefined) });
    return { Name: job.Name };
  }

  /** Replaces the whole definition, as Glue does. */
  update(request: JsonObject): JsonObject {
    const old = this.find(request["JobName"]);
    const fields = { ...(request["JobUpdate"] as JsonObject | undefined), Name: old.Name };
    this.jobs.set(old.Name, definition(fields, old["CreatedOn"] as number));
    return { JobName: old.Name };
  }

  get(request: JsonObject): JsonObject {
    return { Job: this.find(request["JobName"]) };
  }

  getAll(request: JsonObject): JsonObject {
    const { items, next } = page([...this.jobs.values()], request);
    return { Jobs: items, ...next };
  }

  list(request: JsonObject): JsonObject {
    const wanted = Object.entries((request["Tags"] as Record<string, string> | undefined) ?? {});
    const names = [...this.jobs.keys()].filter((name) =>
      wanted.every(([key, value]) => this.tags.get(name)?.[key] === value),
    );
    const { items, next } = page(names, request);
    return { JobNames: items, ...next };
  }

  /** Deletes a job; like Glue, it answers the same whether or not there was one. */
  delete(request: JsonObject): JsonObject {
    const name = String(request["JobName"]);
    this.jobs.delete(name);
    this.tags.delete(name);
    return { JobName: name };
  }

  tag(request: JsonObject): JsonObject {
    Object.assign(this.tagsOf(request), request["TagsToAdd"]);
    return {};
  }

  untag(request: JsonObject): JsonObject {
    const tags = this.tagsOf(request);
    for (const key of request["TagsToRemove"] as string[]) delete tags[key];
    return {};
  }

  getTags(request: JsonObject): JsonObject {
    return { Tags: this.tagsOf(request) };
  }

  private tagsOf(request: JsonObject): Record<string, string> {
    const name = jobOfArn(request["ResourceArn"]);
    const tags = name === undefined ? undefined : this.tags.get(name);
    if (!tags) throw new GlueError("EntityNotFoundException", `${String(request["ResourceArn"])} not found.`);
    return tags;
  }
}

/** The job's name in an ARN of Glue's, or undefined where the ARN names something else. */
export function jobOfArn(arn: unknown): string | undefined {
  return /^arn:[^:]+:glue:[^:]*:[^:]*:job\/(.+)$/.exec(String(arn))?.[1];
}

/**
 * Refuses a job or run of seven days and more.
 *
 * @throws GlueError InvalidInputException
 */
export function refuseTimeout({ Timeout }: JsonObject): void {
  if (Timeout === undefined || Number(Timeout) < TIMEOUT_LIMIT) return;
  throw new GlueError("InvalidInputException", `Timeout must be less than ${TIMEOUT_LIMIT} minutes.`);
}

function definition(fields: JsonObject, createdOn: number): Job {
  for (const name of ["Name", "Role", "Command"]) {
    if (!fields[name]) throw new GlueError("InvalidInputException", `${name} is required`);
  }
  if (fields["WorkerType"] !== undefined && fields["MaxCapacity"] !== undefined) {
    throw new GlueError("InvalidInputException", "Please do not set Max Capacity if using Worker Type.");
  }
  refuseTimeout(fields);
  return {
    ...DEFAULTS,
    ...fields,
    CreatedOn: createdOn,
    LastModifiedOn: now(),
  } as unknown as Job;
}
