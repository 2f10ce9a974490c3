import { expectedAt } from "../../../runtime/expected";
import { UsageError } from "../command/errors";

export interface Statement {
  /** Its first word, in capitals: what it does. */
  readonly word: string;
  /** True where it only reads. */
  readonly reads: boolean;
}

/**
 * First words of statements that change nothing; EXPLAIN ANALYZE is judged by what it runs.
 *
 * @see https://docs.aws.amazon.com/athena/latest/ug/ddl-sql-reference.html (2026-12-01)
 */
const READING = new Set(["SELECT", "WITH", "VALUES", "TABLE", "SHOW", "DESCRIBE", "DESC", "EXPLAIN"]);

/** Comments, texts and quoted names, in which no word and no semicolon counts. */
const ASIDE = /--[^\r\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`/g;
const RUN_AND_EXPLAINED = /^EXPLAIN\s+ANALYZE\b\s*(?:\([^)]*\))?/i;

/**
 * Reads what a statement of Athena's SQL does.
 *
 * @throws UsageError where it is none, or more than one, of which Athena takes none
 */
export function readStatement(sql: string): Statement {
  const plain = sql.replaceAll(ASIDE, " ").trim().replace(/;$/, "");
  if (plain.includes(";")) {
    throw new UsageError("<sql>: expected one statement, got several: give each a call of its own");
  }
  const [, word] = /^[\s(]*([a-z]+)/i.exec(plain.replace(RUN_AND_EXPLAINED, "")) ?? [];
  if (word === undefined) throw new UsageError(expectedAt("<sql>", "a statement such as SELECT 1", sql));
  return { word: word.toUpperCase(), reads: READING.has(word.toUpperCase()) };
}
