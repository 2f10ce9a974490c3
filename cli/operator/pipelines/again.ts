/** Work that is done again, in one form for every pipeline. */
import type { Pipeline } from "../../../environments/schema";
import { afterwards } from "../command/applying";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { table } from "../command/tables";

/** A file, manifest or batch that is done again, or left alone. */
export interface Again {
  readonly pipeline: Pipeline;
  readonly what: string;
  /** What is done with it; absent: nothing. */
  readonly how?: string;
  readonly why: string;
}

/** A plan with what carries it out; without it, it is left alone. */
export interface Planned<Work> {
  readonly again: Again;
  readonly work?: Work;
}

/** Number of those that are shown; the others are counted. */
const SHOWN = 20;

const UNDO =
  "nothing, for outputs are replaced, by the same rows unless SQL or declaration changed: deploy the former, and repeat";

/** Why work with rows of [corrected lines](../letters/books.ts) is left alone: under another declaration they might pass by themselves. */
export const REPLAYED =
  "dead letters of it were replayed, and their rows would be there twice: upload what is to change as a new version";

/** What is left alone, with the reason. */
export function left(pipeline: Pipeline, what: string, why: string): { readonly again: Again } {
  return { again: { pipeline, what, why } };
}

/**
 * Shows what was done or would be, as it comes. `done` is carried out already where `applied`; what fails then is thrown
 * after the rest was shown.
 */
export async function showAgain(
  { terminal, signal }: Operator,
  done: AsyncIterable<Again>,
  applied: boolean,
): Promise<ExitCode> {
  const orders: Again[] = [];
  const counts = { again: 0, left: 0 };
  let failure: unknown;
  try {
    for await (const each of done) {
      counts[each.how === undefined ? "left" : "again"] += 1;
      if (orders.length < SHOWN) orders.push(each);
      terminal.progress(`${counts.again} again, ${counts.left} left alone`);
      if (signal.aborted) break;
    }
  } catch (error) {
    if (orders.length === 0) throw error;
    failure = error;
  }
  const more = counts.again + counts.left - orders.length;
  const did = applied ? "done again" : "would be done again";
  const text = [
    ...(orders.length > 0 ? [table(COLUMNS, orders)] : []),
    ...(more > 0 ? [`… and ${more} more`] : []),
    `${did}: ${counts.again}; left alone: ${counts.left}`,
    ...(counts.again > 0 ? [afterwards(applied, UNDO)] : []),
  ];
  terminal.show({ applied, ...counts, orders }, text.join("\n"));
  if (failure !== undefined) throw failure;
  if (signal.aborted) return EXIT.interrupted;
  return counts.again > 0 ? EXIT.ok : EXIT.nothing;
}

const COLUMNS = [
  { head: "pipeline", cell: ({ pipeline }: Again) => pipeline },
  { head: "what", cell: ({ what }: Again) => what },
  { head: "how", cell: ({ how }: Again) => how ?? "not at all" },
  { head: "why", cell: ({ why }: Again) => why },
];
