/** Turns schema issues into messages that say where, what was expected and what was found. */
import { z } from "zod";
import { expectedAt, unknownKey } from "../../runtime/expected";

/** Every problem of one or more environments at once. */
export class EnvironmentsError extends Error {
  /** As in `environments/prod.ts: network.zones: expected …, got …`. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      [`the environments have ${problems.length} problem(s)`, ...problems.map((each) => `  ${each}`)].join(
        "\n",
      ),
    );
    this.name = "EnvironmentsError";
    this.problems = problems;
  }
}

/** A setting as JSON Schema describes it, with our own words beside it. */
export interface SettingNode {
  readonly type?: string;
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
  /** Of an object whose keys are others' to choose. */
  readonly propertyNames?: { readonly enum?: readonly string[] };
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

/** Describes the values that a setting accepts. */
export function accepted(node: SettingNode): string {
  if (node.enum) return `one of ${node.enum.join(", ")}`;
  if (node.would) return node.would;
  if (node.type === "integer") return `a whole number from ${node.minimum} to ${node.maximum}${unitOf(node)}`;
  if (node.type === "boolean") return "true or false";
  if (node.type === "array" && node.items) {
    return `${node.minItems} to ${node.maxItems} different values, each ${accepted(node.items)}`;
  }
  if (node.properties) return `an object with ${Object.keys(node.properties).join(", ")}`;
  const keys = node.propertyNames?.enum;
  const whose = keys === undefined ? "whose values are" : `with any of ${keys.join(", ")},`;
  return `an object ${whose} each ${accepted(node.additionalProperties || {})}`;
}

function keysOf({ properties = {}, propertyNames }: SettingNode): readonly string[] {
  return propertyNames?.enum ?? Object.keys(properties);
}

function unitOf(node: SettingNode): string {
  return node.unit === undefined ? "" : ` ${node.unit}`;
}

/** Problems of an environment, one for each schema issue and unknown key. */
export function problemsOf(
  environment: string,
  schema: z.ZodType,
  issues: readonly z.core.$ZodIssue[],
): string[] {
  const tree = settingTree(schema);
  return issues.flatMap((issue) => {
    const where = placeOf(environment, issue.path);
    const node = nodeAt(tree, issue.path) ?? {};
    return issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => `${where}: ${unknownKey(key, keysOf(node))}`)
      : [expectedAt(where, accepted(node), issue.input)];
  });
}

/** `environments/prod.ts: a.b[0]` for the path a, b, 0. */
export function placeOf(environment: string, path: readonly PropertyKey[]): string {
  const setting = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  const file = `environments/${environment}.ts`;
  return setting === "" ? file : `${file}: ${setting.slice(1)}`;
}
