/** Rules between the keys of a declaration, which no single key's schema can say, each with its reason. */
import { processedPrefix, RAW_JSON_PREFIX } from "../../environments/schema/names";
import type { Pipeline } from "../../environments/schema/pipelines";
import { COLUMN_RULES } from "./column-rules";
import { outputColumnsOf } from "./dataset";
import { type Declaration, declaration } from "./declaration";
import { type Path, type Problem, problem } from "./problems";
import { listed, type Rule, type Surroundings, type Tell } from "./rule";

/** Pipelines whose outputs lie in no partition by column, and why. */
const UNPARTITIONED: Readonly<Partial<Record<Pipeline, string>>> = {
  uploads: "none (an upload becomes one object, put at once, which lies in one place)",
  manifests: "none (a manifest becomes one object, put at once, in the partition of its date)",
};

/** Partitions whose values the environment bounds. */
const CALENDAR = ["year", "month", "day"];

/** Tells which prefix of processed files a dataset's is to be apart from. */
export function apartFrom(processed: string): string {
  return `one apart from ${processed} (the ledger pipeline keeps processed files there)`;
}

const RULES: readonly Rule[] = [
  {
    of: ["name"],
    judge: ({ name }, tell, { folder }) => {
      if (name !== folder) tell(["name"], `its folder's name, ${JSON.stringify(folder)}`);
    },
  },
  {
    of: ["prefix"],
    judge: ({ prefix }, tell) => {
      const processed = processedPrefix(RAW_JSON_PREFIX);
      if (prefix.startsWith(processed) || processed.startsWith(prefix))
        tell(["prefix"], apartFrom(processed));
    },
  },
  {
    of: ["format"],
    judge: ({ format }, tell) => {
      if (format.kind === "json" && format.around !== undefined && format.records === undefined)
        tell(["format", "around"], "none (without format.records nothing stands around the rows)");
      if (format.kind !== "csv") return;
      const { delimiter, comment } = format;
      if (format.escape === delimiter) tell(["format", "escape"], "another character than the delimiter");
      if (comment !== undefined && [delimiter, format.escape].includes(comment))
        tell(["format", "comment"], "another character than delimiter and escape");
    },
  },
  ...COLUMN_RULES,
  {
    of: ["columns", "undeclared"],
    judge: ({ columns, undeclared }, tell) => {
      if (columns === undefined && undeclared !== "keep")
        tell(["undeclared"], '"keep" (without columns no field is declared)');
    },
  },
  {
    of: ["columns", "outputColumns"],
    judge: ({ columns, outputColumns }, tell, { hasTransform }) => {
      if (hasTransform && outputColumns === undefined) tell(["outputColumns"], "what transform.sql returns");
      if (hasTransform && columns === undefined)
        tell(["columns"], "a list of at least one column (transform.sql reads them)");
      if (!hasTransform && outputColumns !== undefined)
        tell(["outputColumns"], "none (there is no transform.sql, so the columns are the output)");
    },
  },
  {
    of: ["pipeline", "partitions", "columns", "outputColumns"],
    judge: (declared, tell) => {
      const { pipeline, partitions, columns } = declared;
      const wanted = UNPARTITIONED[pipeline];
      if (wanted !== undefined) {
        if (partitions !== undefined) tell(["partitions"], wanted);
      } else if (columns === undefined) {
        tell(
          ["columns"],
          "a list of at least one column (a batch is published by partition, which is a column)",
        );
      } else if (partitions === undefined) {
        tell(["partitions"], "at least one output column (a batch is published by partition)");
      } else {
        judgePartitions(declared, partitions, tell);
      }
    },
  },
  {
    of: ["pipeline", "partitions", "partitionValues", "columns", "outputColumns"],
    judge: (declared, tell) => {
      const { pipeline, partitions = [], partitionValues } = declared;
      for (const name of Object.keys(partitionValues))
        if (!partitions.includes(name))
          tell(["partitionValues", name], `none but of partitions: ${listed(partitions)}`);
      if (pipeline !== "ledger") return;
      const known = textsOf(declared);
      for (const name of partitions)
        if (known.includes(name) && !CALENDAR.includes(name) && partitionValues[name] === undefined)
          tell(
            ["partitionValues", name],
            "a list of texts (of partitions only year, month and day do without)",
          );
    },
  },
  {
    of: ["pipeline", "sort", "partitions", "columns", "outputColumns"],
    judge: (declared, tell) => {
      const { pipeline, sort, partitions = [] } = declared;
      if (pipeline !== "ledger") {
        if (sort !== undefined) tell(["sort"], "none (rows stay in the order of their file)");
        return;
      }
      const sortable = outputColumnsOf(declared)
        .filter(({ name, type }) => !type.includes("<") && !partitions.includes(name))
        .map(({ name }) => name);
      if (sortable.length > 0 && !sortable.includes(sort ?? ""))
        tell(["sort"], `an output column that stands in the files: ${listed(sortable)}`);
    },
  },
  {
    of: ["pipeline", "dates", "size"],
    judge: ({ pipeline, dates, size }, tell) => {
      if (pipeline === "manifests") {
        if (dates === undefined)
          tell(
            ["dates"],
            'the first date, as { "from": "2020-01-31" } (the name of a file begins with its date)',
          );
        return;
      }
      const wanted = "none (of the manifests pipeline alone)";
      if (dates !== undefined) tell(["dates"], wanted);
      if (size !== "any") tell(["size"], wanted);
    },
  },
  {
    of: ["pipeline", "columns", "outputColumns"],
    judge: ({ pipeline, ...declared }, tell) => {
      if (pipeline !== "manifests") return;
      const key = declared.outputColumns === undefined ? "columns" : "outputColumns";
      for (const [index, { name }] of (declared[key] ?? []).entries())
        if (name === "date")
          tell([key, index, "name"], "another name (date is the partition of this pipeline's tables)");
    },
  },
  {
    of: ["pipeline", "outputs", "columns", "outputColumns"],
    judge: (declared, tell) => {
      const { pipeline, outputs } = declared;
      const isNested = outputColumnsOf(declared).some(({ type }) => type.includes("<"));
      if (outputs.csv && pipeline !== "uploads")
        tell(["outputs", "csv"], "false (only an upload has one output, which a CSV file can stand beside)");
      else if (outputs.csv && outputColumnsOf(declared).length === 0)
        tell(["outputs", "csv"], "false (CSV has the declared columns, and there are none)");
      else if (outputs.csv && isNested)
        tell(["outputs", "csv"], "false (CSV has neither arrays nor structs)");
      if (outputs.csvFormulas === "kept" && !outputs.csv)
        tell(["outputs", "csvFormulas"], "none (no CSV is published)");
    },
  },
];

/** Finds what is wrong between the keys of a document, as far as these are valid by themselves. */
export function brokenRules(document: unknown, surroundings: Surroundings): Problem[] {
  if (typeof document !== "object" || document === null || Array.isArray(document)) return [];
  const members = Object.entries(declaration.shape).map(
    ([key, schema]) => [key, schema.safeParse(valueAt(document, [key]))] as const,
  );
  const declared = Object.fromEntries(members.map(([key, { data }]) => [key, data])) as Declaration;
  const wrong = members.filter(([, { success }]) => !success).map(([key]) => key);
  const problems: Problem[] = [];
  const tell: Tell = (path, wanted) => problems.push(problem(path, wanted, valueAt(document, path)));
  for (const { of, judge } of RULES)
    if (!of.some((key) => wrong.includes(key))) judge(declared, tell, surroundings);
  return problems;
}

function judgePartitions(declared: Declaration, partitions: readonly string[], tell: Tell): void {
  const texts = textsOf(declared);
  for (const [index, name] of partitions.entries())
    if (!texts.includes(name))
      tell(["partitions", index], `an output column of type string: ${listed(texts)}`);
  if (partitions.length === outputColumnsOf(declared).length)
    tell(["partitions"], "fewer (an output column must be left to stand in the files)");
}

/** Output columns that may be partitions. */
function textsOf(declared: Declaration): string[] {
  return outputColumnsOf(declared)
    .filter(({ type }) => type === "string")
    .map(({ name }) => name);
}

function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) => (value as Readonly<Record<string | number, unknown>> | undefined)?.[step],
    document,
  );
}
