import { type Command, Option } from "commander";
import { changing } from "../command/applying";
import { act, type End, one } from "../command/words";
import type { QueryOptions } from "./query";

/** Adds the command that asks Athena. */
export function queryWords(program: Command, end: End): void {
  changing(
    one(program, "query", "an answer of Athena about the environment's tables, what it scanned and cost", [
      "query 'SELECT page, count(*) FROM clicks GROUP BY page' --environment prod",
      "query 'SELECT * FROM customers' --csv --environment prod > customers.csv",
      "query 'SHOW TABLES' --environment prod",
    ]),
  )
    .argument("<sql>", "one statement of Athena's SQL")
    .addOption(new Option("--csv", "write CSV").conflicts("json"))
    .action((sql: string, options) =>
      act<Omit<QueryOptions, "sql">>(
        end,
        async (operator, others) => (await import("./query")).query(operator, { ...others, sql }),
        async () => void (await import("./statement")).readStatement(sql),
      )(options),
    );
}
