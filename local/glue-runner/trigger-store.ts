import { parseCron, type Schedule } from "./cron";
import { GlueError, type JsonObject, page } from "./protocol";
import type { EndState } from "./run";
import type { WorkflowStore } from "./workflow-store";

/** Action of a trigger; crawlers are not supported. */
export interface Action extends JsonObject {
  readonly JobName?: string;
  readonly Arguments?: Readonly<Record<string, string>>;
}

export interface Condition {
  readonly JobName?: string;
  readonly State?: EndState;
}

/**
 * Definition of a trigger: every field as it was given, for a dropped one shows as drift in a Terraform plan.
 */
export interface Trigger extends JsonObject {
  readonly Name: string;
  readonly Type: "SCHEDULED" | "CONDITIONAL" | "ON_DEMAND";
  readonly State: "CREATED" | "ACTIVATED" | "DEACTIVATED";
  readonly WorkflowName?: string;
  readonly Schedule?: string;
  readonly Predicate?: { readonly Logical?: "AND" | "ANY"; readonly Conditions: readonly Condition[] };
  readonly Actions: readonly Action[];
}

const TYPES: readonly unknown[] = ["SCHEDULED", "CONDITIONAL", "ON_DEMAND"];

/** The definitions of triggers, in memory. The emulator keeps their tags. */
export class TriggerStore {
  private readonly triggers = new Map<string, Trigger>();

  constructor(private readonly workflows: WorkflowStore) {}

  /**
   * Finds a trigger.
   *
   * @throws GlueError EntityNotFoundException
   */
  find(name: unknown): Trigger {
    const trigger = this.triggers.get(String(name));
    if (!trigger) throw new GlueError("EntityNotFoundException", `Trigger ${String(name)} not found.`);
    return trigger;
  }

  all(): Trigger[] {
    return [...this.triggers.values()];
  }

  /** The triggers of a workflow, or, without one, those of none. */
  of(workflow: string | undefined): Trigger[] {
    return this.all().filter((trigger) => trigger.WorkflowName === workflow);
  }

  /** The trigger that starts a workflow: a workflow has one at most. */
  starting(workflow: string): Trigger | undefined {
    return this.of(workflow).find(isStarting);
  }

  create({ Tags: _, StartOnCreation, ...fields }: JsonObject): JsonObject {
    const isActive = StartOnCreation === true;
    const trigger = definition({ ...fields, State: isActive ? "ACTIVATED" : "CREATED" });
    if (this.triggers.has(trigger.Name)) {
      throw new GlueError("AlreadyExistsException", `Trigger ${trigger.Name} already exists.`);
    }
    if (isActive && trigger.Type === "ON_DEMAND") {
      throw new GlueError(
        "InvalidInputException",
        "StartOnCreation is not supported for ON_DEMAND triggers.",
      );
    }
    if (trigger.WorkflowName !== undefined) this.refuseSecondStart(trigger, trigger.WorkflowName);
    this.triggers.set(trigger.Name, trigger);
    return { Name: trigger.Name };
  }

  /** Replaces the whole definition, as Glue does. */
  update(request: JsonObject): JsonObject {
    const { Name, Type, State, WorkflowName } = this.find(request["Name"]);
    const fields = {
      ...(request["TriggerUpdate"] as JsonObject | undefined),
      Name,
      Type,
      State,
      WorkflowName,
    };
    const trigger = definition(fields);
    this.triggers.set(Name, trigger);
    return { Trigger: trigger };
  }

  /** Switches a trigger on or off. On-demand triggers have no such states. */
  activate(trigger: Trigger, isActive: boolean): void {
    if (trigger.Type === "ON_DEMAND") return;
    this.triggers.set(trigger.Name, { ...trigger, State: isActive ? "ACTIVATED" : "DEACTIVATED" });
  }

  get(request: JsonObject): JsonObject {
    return { Trigger: this.find(request["Name"]) };
  }

  getAll(request: JsonObject): JsonObject {
    const { items, next } = page(this.dependent(request), request);
    return { Triggers: items, ...next };
  }

  list(request: JsonObject): JsonObject {
    const names = this.dependent(request).map(({ Name }) => Name);
    const { items, next } = page(names, request);
    return { TriggerNames: items, ...next };
  }

  batchGet(request: JsonObject): JsonObject {
    const names = request["TriggerNames"] as string[];
    return {
      Triggers: names.flatMap((name) => this.triggers.get(name) ?? []),
      TriggersNotFound: names.filter((name) => !this.triggers.has(name)),
    };
  }

  /** Deletes a trigger; like Glue, it answers the same whether or not there was one. */
  delete(request: JsonObject): JsonObject {
    const name = String(request["Name"]);
    this.triggers.delete(name);
    return { Name: name };
  }

  /** Triggers that can start a job; all where none can, as Glue documents it. */
  private dependent(request: JsonObject): Trigger[] {
    const job = request["DependentJobName"];
    const found = this.all().filter(({ Actions }) => Actions.some(({ JobName }) => JobName === job));
    return found.length > 0 ? found : this.all();
  }

  private refuseSecondStart(trigger: Trigger, workflow: string): void {
    this.workflows.find(workflow);
    const first = this.starting(workflow);
    if (first !== undefined && isStarting(trigger)) {
      throw new GlueError(
        "InvalidInputException",
        `Workflow ${workflow} has a starting trigger already: ${first.Name}`,
      );
    }
  }
}

function isStarting({ Type }: Trigger): boolean {
  return Type !== "CONDITIONAL";
}

/** Schedule of a trigger; undefined for one that is not scheduled. */
export function scheduleOf({ Type, Schedule }: Trigger): Schedule | undefined {
  return Type === "SCHEDULED" ? parseCron(Schedule) : undefined;
}

function definition(fields: JsonObject): Trigger {
  const refuse = (message: string) => {
    throw new GlueError("InvalidInputException", message);
  };
  if (!fields["Name"]) refuse("Name is required");
  if (!TYPES.includes(fields["Type"])) refuse(`${String(fields["Type"])} is no type of trigger that is here`);
  const trigger = fields as Trigger;
  if (!trigger.Actions?.length) refuse("a trigger has one action at least");
  if (trigger.Type === "CONDITIONAL" && !trigger.Predicate?.Conditions?.length) {
    refuse("a conditional trigger has one condition at least");
  }
  if ((trigger.Predicate?.Conditions?.length ?? 0) > 1 && !trigger.Predicate?.Logical) {
    refuse("several conditions are joined by AND or ANY");
  }
  // Its error is that of the request.
  scheduleOf(trigger);
  return trigger;
}
