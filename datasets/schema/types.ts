/** Types that a declaration may give to a column: Glue's notation, and `instant` for what is read. */
import { expected } from "../../runtime/expected";

export type ColumnType =
  | { readonly kind: "scalar"; readonly name: string }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "array"; readonly element: ColumnType }
  | { readonly kind: "struct"; readonly fields: ReadonlyMap<string, ColumnType> };

/** Timestamp that may be written as seconds or milliseconds of the epoch, too; only of input columns. */
const INSTANT = "instant";
const SCALARS = ["string", "boolean", "int", "bigint", "double", "date", "timestamp", INSTANT];
const TOKEN = /^(?:[a-z][a-z0-9_]*|\(\d+,\d+\)|[<>:,])/;
const MAX_DIGITS = 38;

/**
 * Reads the type that a text writes down, without spaces.
 *
 * @throws Error for anything else
 */
export function columnType(text: string): ColumnType {
  const parser = new Parser(text);
  const found = parser.type();
  if (parser.rest !== "") throw new Error(expected("the type's end", parser.rest));
  return found;
}

/** Type of the output that a column of this type becomes without a transform. */
export function outputType(type: string): string {
  return type.replaceAll(/\binstant\b(?!:)/g, "timestamp");
}

/** Returns whether the type, or one inside it, is `instant`. */
export function hasInstant(type: string): boolean {
  return outputType(type) !== type;
}

/** Names of the fields of all structs inside the type. */
export function fieldsOf(type: ColumnType): string[] {
  if (type.kind === "array") return fieldsOf(type.element);
  if (type.kind !== "struct") return [];
  return [...type.fields].flatMap(([name, inner]) => [name, ...fieldsOf(inner)]);
}

class Parser {
  constructor(public rest: string) {}

  type(): ColumnType {
    const word = this.take();
    if (SCALARS.includes(word)) return { kind: "scalar", name: word };
    if (word === "decimal") return this.decimal();
    if (word === "array") return this.array();
    if (word === "struct") return this.struct();
    throw new Error(expected("a type", word));
  }

  private decimal(): ColumnType {
    const digits = this.take();
    const [, precision, scale] = (/^\((\d+),(\d+)\)$/.exec(digits) ?? []).map(Number);
    if (
      precision === undefined ||
      scale === undefined ||
      precision < 1 ||
      precision > MAX_DIGITS ||
      scale > precision
    ) {
      throw new Error(expected(`up to ${MAX_DIGITS} digits, and no more of them behind the point`, digits));
    }
    return { kind: "decimal", precision, scale };
  }

  private array(): ColumnType {
    this.expect("<");
    const element = this.type();
    this.expect(">");
    return { kind: "array", element };
  }

  private struct(): ColumnType {
    const fields = new Map<string, ColumnType>();
    this.expect("<");
    do {
      const name = this.take();
      if (!/^[a-z]/.test(name) || fields.has(name)) {
        throw new Error(expected("a lower-case name (a-z, 0-9, _) that no field before has", name));
      }
      this.expect(":");
      fields.set(name, this.type());
    } while (this.follows(","));
    this.expect(">");
    return { kind: "struct", fields };
  }

  private take(): string {
    const [token] = TOKEN.exec(this.rest) ?? [];
    if (token === undefined) throw new Error(expected("a type", this.rest));
    this.rest = this.rest.slice(token.length);
    return token;
  }

  private expect(token: string): void {
    const found = this.take();
    if (found !== token) throw new Error(expected(`"${token}"`, found));
  }

  private follows(token: string): boolean {
    if (!this.rest.startsWith(token)) return false;
    this.take();
    return true;
  }
}
