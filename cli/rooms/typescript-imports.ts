import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type * as swc from "@swc/core";
import { parseSync } from "@swc/core";

/** An import as a parser sees it. */
export interface Reference {
  readonly from: string;
  readonly line: number;
  /** Files that may be meant, the first that exists; none where the name is computed. */
  readonly files: readonly string[];
  readonly onlyTypes: boolean;
  /** True for a module that is named by its place, so that it can be of the project alone. */
  readonly isRelative: boolean;
}

/** Forms of syntax that name a module. */
type Node =
  | swc.CallExpression
  | (swc.ExportAllDeclaration & { readonly typeOnly: boolean })
  | swc.ExportNamedDeclaration
  | swc.ImportDeclaration
  | swc.TsImportEqualsDeclaration
  | swc.TsImportType;

interface Source {
  /** Expression that names the module. */
  readonly source: swc.Expression | undefined;
  readonly onlyTypes: boolean;
}

/** Import by a comment, which the parser leaves out. */
const REFERENCE_PATH = /^[ \t]*\/\/\/\s*<reference\s+path\s*=\s*["']([^"']+)/gm;

/** Reads the imports by swc's parser, but for those of packages. */
export async function typescriptReferences(root: string, files: readonly string[]): Promise<Reference[]> {
  return files.filter((file) => file.endsWith(".ts")).flatMap((file) => referencesOf(root, file));
}

function referencesOf(root: string, from: string): Reference[] {
  const text = readFileSync(join(root, from), "utf8");
  const references: Reference[] = [];
  const add = (before: string, module: string | undefined, onlyTypes: boolean) => {
    const files = module === undefined ? [] : filesOf(join(dirname(from), module));
    const line = before.split("\n").length;
    references.push({ from, line, files, onlyTypes, isRelative: module !== undefined });
  };
  for (const match of text.matchAll(REFERENCE_PATH)) add(text.slice(0, match.index), match[1], true);
  const bytes = Buffer.from(text);
  visit(parse(from, text), (node) => {
    const found = sourceOf(node);
    if (found === undefined) return;
    const module = literal(found.source);
    // swc counts bytes, from one
    const before = bytes.subarray(0, node.span.start - 1).toString();
    if (module?.startsWith(".") !== false) add(before, module, found.onlyTypes);
  });
  return references;
}

function filesOf(path: string): string[] {
  return [`${path}.ts`, join(path, "index.ts"), path.replace(/\.js$/, ".ts"), path];
}

function parse(from: string, text: string): swc.Module {
  try {
    return parseSync(text, { syntax: "typescript", target: "es2023" });
  } catch (cause) {
    throw new Error(`${from} is no TypeScript`, { cause });
  }
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (typeof value !== "object" || value === null) return;
  if ("type" in value) see(value as Node);
  for (const child of Object.values(value)) visit(child, see);
}

function sourceOf(node: Node): Source | undefined {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
      return node.source
        ? { source: node.source, onlyTypes: node.typeOnly || areTypes(node.specifiers) }
        : undefined;
    case "ExportAllDeclaration":
      return { source: node.source, onlyTypes: node.typeOnly };
    case "TsImportEqualsDeclaration":
      return node.moduleRef.type === "TsExternalModuleReference"
        ? { source: node.moduleRef.expression, onlyTypes: node.isTypeOnly }
        : undefined;
    case "TsImportType":
      return { source: node.argument, onlyTypes: true };
    case "CallExpression":
      return node.callee.type === "Import" ||
        (node.callee.type === "Identifier" && node.callee.value === "require")
        ? { source: node.arguments[0]?.expression, onlyTypes: false }
        : undefined;
    default:
      return undefined;
  }
}

function areTypes(specifiers: readonly object[]): boolean {
  const isType = (each: object) => "isTypeOnly" in each && each.isTypeOnly === true;
  return specifiers.length > 0 && specifiers.every(isType);
}

function literal(node: swc.Expression | undefined): string | undefined {
  if (node?.type === "StringLiteral") return node.value;
  if (node?.type === "TemplateLiteral" && node.expressions.length === 0) return node.quasis[0]?.cooked;
  return undefined;
}
