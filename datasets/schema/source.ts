/** Text of a `dataset.json`, with the places of its parts. */
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import type { Path, Problem } from "./problems";

/** Place in a text, from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export class Source {
  /** Value of the whole text; undefined where it is no JSON. */
  readonly document: unknown;
  /** Why it is no JSON, or what it says twice. */
  readonly problems: readonly { readonly offset: number; readonly message: string }[];
  private readonly root: Node | undefined;

  constructor(private readonly text: string) {
    const errors: ParseError[] = [];
    this.root = parseTree(text, errors, { disallowComments: true });
    this.document = errors.length === 0 && this.root ? getNodeValue(this.root) : undefined;
    this.problems = [
      ...errors.map(({ error, offset }) => ({
        offset,
        message: `expected JSON: ${sentence(printParseErrorCode(error))}`,
      })),
      ...(this.root ? repeatedKeys(this.root) : []),
    ];
  }

  /** Place of a part; of a missing one that of what it is missing in. */
  placeOf({ path }: Pick<Problem, "path">): Place {
    for (let steps: Path = path; this.root && steps.length > 0; steps = steps.slice(0, -1)) {
      const node = findNodeAtLocation(this.root, [...steps]);
      if (node) return this.placeAt(node.parent?.type === "property" ? node.parent.offset : node.offset);
    }
    return this.placeAt(this.root?.offset ?? 0);
  }

  placeAt(offset: number): Place {
    const lines = this.text.slice(0, offset).split("\n");
    return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
  }
}

/** Finds keys that an object has twice: a reader would take the last one, and say nothing. */
function repeatedKeys(node: Node): { offset: number; message: string }[] {
  const children = node.children ?? [];
  const own = node.type === "object" ? children.map(({ children: [key] = [] }) => String(key?.value)) : [];
  return [
    ...own.flatMap((key, index) =>
      own.indexOf(key) < index
        ? [
            {
              offset: children[index]?.offset ?? 0,
              message: `the key ${JSON.stringify(key)} stands there twice`,
            },
          ]
        : [],
    ),
    ...children.flatMap(repeatedKeys),
  ];
}

/** `comma expected` for `CommaExpected`. */
function sentence(code: string): string {
  return code.replaceAll(/(?<!^)[A-Z]/g, " $&").toLowerCase();
}
