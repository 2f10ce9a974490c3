/** Turns schema issues into messages that say where, what was received and what would do. */
import { z } from "zod";

export interface EnvironmentProblem {
  /** Environment and setting, as in `prod.uploads.workers.type`. */
  readonly path: string;
  /** What is wrong, the value received, what would do. */
  readonly message: string;
}

/** Every problem of one or more environments at once. */
export class EnvironmentsError extends Error {
  readonly problems: readonly EnvironmentProblem[];

  constructor(problems: readonly EnvironmentProblem[]) {
    const lines = problems.map((problem) => `  ${problem.path}: ${problem.message}`);
    super([`the environments have ${problems.length} problem(s)`, ...lines].join("\n"));
    this.name = "EnvironmentsError";
    this.problems = problems;
  }
}

/** A setting as JSON Schema describes it, with our own words beside it. */
export interface SettingNode {
  readonly type?: string;
  readonly noun?: string;
  readonly unit?: string;
  readonly would?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly (string | number)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: SettingNode;
  readonly properties?: Readonly<Record<string, SettingNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SettingNode | false;
}

/** The schema as a tree of plain nodes. */
export function settingTree(schema: z.ZodType): SettingNode {
  return z.toJSONSchema(schema, { io: "input" }) as SettingNode;
}

/** Node of the setting at `path`; undefined where the schema knows none. */
export function nodeAt(root: SettingNode, path: readonly PropertyKey[]): SettingNode | undefined {
  return path.reduce<SettingNode | undefined>(
    (node, step) => (typeof step === "number" ? node?.items : memberOf(node, String(step))),
    root,
  );
}

function memberOf(node: SettingNode | undefined, name: string): SettingNode | undefined {
  return node?.properties?.[name] ?? (node?.additionalProperties || undefined);
}

/** What a setting accepts, in words. */
export function accepted(node: SettingNode): string {
  if (node.enum) return `one of ${node.enum.join(", ")}`;
  if (node.would) return node.would;
  if (node.type === "integer") return `a whole number from ${node.minimum} to ${node.maximum}${unitOf(node)}`;
  if (node.type === "boolean") return "true or false";
  if (node.type === "array" && node.items) {
    return `${node.minItems} to ${node.maxItems} different values, each ${accepted(node.items)}`;
  }
  if (node.properties) return `an object with ${Object.keys(node.properties).join(", ")}`;
  return `an object whose values are each ${accepted(node.additionalProperties || {})}`;
}

function unitOf(node: SettingNode): string {
  return node.unit === undefined ? "" : ` ${node.unit}`;
}

/** Problems of an environment, one for each schema issue and unknown key. */
export function problemsOf(
  environment: string,
  schema: z.ZodType,
  issues: readonly z.core.$ZodIssue[],
): EnvironmentProblem[] {
  const tree = settingTree(schema);
  return issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? unknownKeys(environment, tree, issue.path, issue.keys)
      : [
          {
            path: pathText(environment, issue.path),
            message: refusal(nodeAt(tree, issue.path) ?? {}, issue.input),
          },
        ],
  );
}

/** `environment.a.b[0]` for the path a, b, 0. */
export function pathText(environment: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}.${String(step)}`),
    environment,
  );
}

function refusal(node: SettingNode, received: unknown): string {
  if (received === undefined) return `missing; use ${accepted(node)}`;
  return `${shown(received)} is not ${node.noun ?? "a group of settings"}; use ${accepted(node)}`;
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function unknownKeys(
  environment: string,
  tree: SettingNode,
  path: readonly PropertyKey[],
  keys: readonly string[],
): EnvironmentProblem[] {
  const known = Object.keys(nodeAt(tree, path)?.properties ?? {}).join(", ");
  return keys.map((key) => ({
    path: pathText(environment, [...path, key]),
    message: `${shown(key)} is not a setting; use one of ${known}`,
  }));
}
