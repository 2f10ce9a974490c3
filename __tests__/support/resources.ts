import type { StackJson } from "./stacks";

type Attributes = Readonly<Record<string, unknown>>;

/** Policy statement in a synthesized stack. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Resources of a type, by their logical ids. */
export function resourcesOf(stack: StackJson | undefined, type: string): readonly [string, Attributes][] {
  return Object.entries(stack?.resource[type] ?? {});
}

/** The only resource of a type whose id begins so. */
export function resource(stack: StackJson | undefined, type: string, id = ""): Attributes {
  const found = resourcesOf(stack, type).filter(([each]) => each.startsWith(id));
  const [first, ...others] = found;
  if (first === undefined || others.length > 0) {
    throw new Error(
      `${found.length} resources ${type} begin with "${id}" among ${resourcesOf(stack, type).map(([each]) => each)}`,
    );
  }
  return first[1];
}

/** Statements of every Glue job in the private subnets, whatever its pipeline. */
export const JOB_STATEMENTS = [
  "WriteJobLogs",
  "WriteJobMetrics",
  "ReadOwnCode",
  "UseCodeKey",
  "ReadConnections",
  "FindNetwork",
  "MakeNetworkInterfaces",
  "TagNetworkInterfaces",
  "RemoveNetworkInterfaces",
  "DenyInterfacesToCode",
];

export function statementsOf(policy: unknown): Statement[] {
  return JSON.parse(String(policy)).Statement;
}

/** Finds the statement of that id. */
export function statement(policy: unknown, sid: string): Statement {
  const found = statementsOf(policy).find((each) => each.Sid === sid);
  if (found === undefined) throw new Error(`no statement ${sid} in ${policy}`);
  return found;
}
