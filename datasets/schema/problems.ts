/** Turns violations of the declaration's schema into messages that say where, what was expected and what was found. */
import { expected, expectedAt, unknownKey } from "../../runtime/expected";
import { type Declaration, declaration } from "./declaration";
import { jsonSchema, type SchemaNode } from "./json-schema";

export type Path = readonly (string | number)[];

/** What is wrong with a part of a declaration, or with the whole of it. */
export interface Problem {
  readonly path: Path;
  /** As in `columns[0].name: expected …, got …`. */
  readonly message: string;
}

/** Problem of the part at `path`; `got` undefined where it is missing. */
export function problem(path: Path, wanted: string, got: unknown): Problem {
  return {
    path,
    message: path.length === 0 ? expected(wanted, got) : expectedAt(placeOf(path), wanted, got),
  };
}

/** Declaration that a document is, or all of its violations of the schema. */
export type Read =
  | { readonly declaration: Declaration; readonly problems?: never }
  | { readonly declaration?: never; readonly problems: readonly Problem[] };

/** Reads a parsed `dataset.json`. */
export function readDeclaration(document: unknown): Read {
  const parsed = declaration.safeParse(document, { reportInput: true });
  if (parsed.success) return { declaration: parsed.data };
  const problems = parsed.error.issues.flatMap((issue) => {
    const path = issue.path as Path;
    const node = nodeAt(jsonSchema(), document, path);
    return issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => unknown(path, key, Object.keys(node.properties ?? {})))
      : [problem(path, accepted(node), issue.input)];
  });
  // a pattern and a refinement of one value are told alike
  return {
    problems: problems.filter(
      ({ message }, index) => !problems.slice(0, index).some((each) => each.message === message),
    ),
  };
}

function unknown(path: Path, key: string, known: readonly string[]): Problem {
  const message = unknownKey(key, known);
  return { path: [...path, key], message: path.length === 0 ? message : `${placeOf(path)}: ${message}` };
}

/** `columns[0].name` for the path columns, 0, name. */
function placeOf(path: Path): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
    .join("")
    .replace(/^\./, "");
}

/** Node of the part at `path`; what may stand in an object by its `kind` is looked up by that of the document. */
function nodeAt(root: SchemaNode, document: unknown, path: Path): SchemaNode {
  let [node, value]: [SchemaNode, unknown] = [chosen(root, document), document];
  for (const step of path) {
    value = (value as Readonly<Record<string | number, unknown>> | undefined)?.[step];
    node = chosen(memberOf(node, step), value);
  }
  return node;
}

function memberOf(
  { items, properties, additionalProperties }: SchemaNode,
  step: string | number,
): SchemaNode {
  return (
    (typeof step === "number" ? items : (properties?.[step] ?? (additionalProperties || undefined))) ?? {}
  );
}

function chosen(node: SchemaNode, value: unknown): SchemaNode {
  const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind;
  return node.allOf?.find((each) => each.if.properties?.["kind"]?.const === kind)?.then ?? node;
}

/** Says which values a part of the declaration takes. */
function accepted(node: SchemaNode): string {
  if (node.would !== undefined) return node.would;
  if (node.enum) return `one of ${node.enum.join(", ")}`;
  if (node.properties) return `an object with ${Object.keys(node.properties).join(", ")}`;
  if (node.type === "boolean") return "true or false";
  if (node.type === "integer") return `a whole number from ${node.minimum} to ${node.maximum}`;
  return "a text";
}
