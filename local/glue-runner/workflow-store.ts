import { GlueError, type JsonObject, now, page } from "./protocol";

/**
 * Definition of a workflow: every field as it was given, for a dropped one shows as drift in a Terraform
 * plan.
 */
export interface Workflow extends JsonObject {
  readonly Name: string;
  readonly DefaultRunProperties?: Readonly<Record<string, string>>;
  /** No limit where it is absent. */
  readonly MaxConcurrentRuns?: number;
}

/** The definitions of workflows, in memory. The emulator keeps their tags. */
export class WorkflowStore {
  private readonly workflows = new Map<string, Workflow>();

  /**
   * Finds a workflow.
   *
   * @throws GlueError EntityNotFoundException
   */
  find(name: unknown): Workflow {
    const workflow = this.workflows.get(String(name));
    if (!workflow) throw new GlueError("EntityNotFoundException", `Workflow ${String(name)} not found.`);
    return workflow;
  }

  has(name: string): boolean {
    return this.workflows.has(name);
  }

  create({ Tags: _, ...fields }: JsonObject): JsonObject {
    const name = fields["Name"];
    if (typeof name !== "string" || name === "") {
      throw new GlueError("InvalidInputException", "Name is required");
    }
    if (this.workflows.has(name)) {
      throw new GlueError("AlreadyExistsException", `Workflow ${name} already exists.`);
    }
    this.workflows.set(name, { ...fields, Name: name, CreatedOn: now(), LastModifiedOn: now() });
    return { Name: name };
  }

  /** Replaces the whole definition, as Glue does. */
  update(request: JsonObject): JsonObject {
    const { Name, CreatedOn } = this.find(request["Name"]);
    this.workflows.set(Name, { ...request, Name, CreatedOn, LastModifiedOn: now() });
    return { Name };
  }

  list(request: JsonObject): JsonObject {
    const { items, next } = page([...this.workflows.keys()], request);
    return { Workflows: items, ...next };
  }

  /** Deletes a workflow; like Glue, it answers the same whether or not there was one. */
  delete(request: JsonObject): JsonObject {
    const name = String(request["Name"]);
    this.workflows.delete(name);
    return { Name: name };
  }
}
