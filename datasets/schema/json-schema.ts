/** The declaration's JSON Schema, generated from `declaration`: for editors, and for the jobs, which validate by it. */
import { z } from "zod";
import { declaration } from "./declaration";

/** Place of the JSON Schema in the checkout. */
export const JSON_SCHEMA_FILE = "docs/dataset.schema.json";

/** A part of the declaration as JSON Schema describes it, with our own words (`would`) beside it. */
export interface SchemaNode {
  readonly type?: string;
  readonly would?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaNode | false;
  readonly allOf?: readonly { readonly if: SchemaNode; readonly then: SchemaNode }[];
}

/** Builds the JSON Schema. */
export function jsonSchema(): SchemaNode {
  return z.toJSONSchema(declaration, { io: "input", target: "draft-7", override: rewrite }) as SchemaNode;
}

/** Serializes it as the committed file has it. */
export function jsonSchemaText(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`;
}

type Node = z.core.JSONSchema.BaseSchema;

function rewrite({ jsonSchema: node }: { jsonSchema: Node }): void {
  if (node.oneOf !== undefined) chooseByKind(node, node.oneOf as Node[]);
  if (node.properties !== undefined && node.default !== undefined) node.default = defaultsOf(node);
}

/**
 * Turns a choice between objects by their `kind` into a condition for each: a validator then says what is wrong with the
 * one that was meant, where `oneOf` would say no more than that none fits.
 */
function chooseByKind(node: Node, options: readonly Node[]): void {
  const kinds = options.map(({ properties = {} }) => (properties["kind"] as Node).const);
  delete node.oneOf;
  Object.assign(node, {
    type: "object",
    properties: { kind: { type: "string", enum: kinds } },
    required: ["kind"],
    allOf: options.map((option, index) => ({
      if: { properties: { kind: { const: kinds[index] } }, required: ["kind"] },
      // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
      then: option,
    })),
  });
}

/** Defaults of an object's members: who fills in the object's own default looks no deeper. */
function defaultsOf({ properties = {} }: Node): Record<string, z.core.util.JSONType> {
  const members = Object.entries(properties as Record<string, Node>);
  return Object.fromEntries(
    members.flatMap(([name, member]) => (member.default === undefined ? [] : [[name, member.default]])),
  ) as Record<string, z.core.util.JSONType>;
}
