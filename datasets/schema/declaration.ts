/** Schema of a dataset's `dataset.json`: the one source of its JSON Schema, by which editors and the jobs read it. */
import { z } from "zod";
import { PIPELINES } from "../../environments/schema/pipelines";
import { inputColumn, outputColumn } from "./columns";
import { format } from "./format";
import { choice, flag, list, name, number, text, words } from "./kinds";
import { NAME } from "./names";

const compression = choice(
  ["snappy", "zstd"],
  "Compression of the Parquet files; zstd takes some 45 % fewer bytes at about the same speed.",
).default("snappy");

const outputs = z
  .strictObject({
    parquet: z.strictObject({ compression }).prefault({}),
    csv: flag("Whether a CSV file is published beside each Parquet file.").default(false),
    csvFormulas: choice(
      ["escaped", "kept"],
      "What becomes of a text that a spreadsheet takes for a formula: it gets an apostrophe before it, or stays.",
    ).default("escaped"),
  })
  .meta({ description: "What is published." })
  .prefault({});

const size = z
  .union([
    z.literal("any"),
    z.strictObject({
      // S3 takes objects up to 50 TB; what one manifest carries ends far below
      megabytes: number(0.000001, 5_000, "Size of a file; a megabyte is 10^6 bytes."),
      tolerancePercent: number(0, 100, "How much more or less it may have.").default(10),
    }),
  ])
  .meta({
    description: "Size that a file must have.",
    would: '"any", or an object with megabytes (up to 5000) and tolerancePercent (0 to 100)',
  })
  .default("any");

/** All that a dataset declares. */
export const declaration = z
  .strictObject({
    $schema: z
      .string()
      .meta({ description: "Path of this schema, by which an editor completes the file." })
      .optional(),
    name: name("Name of the dataset, of its folder and of its table in the catalog."),
    description: words("a sentence", "What a row is; the catalog shows it."),
    owner: words("a team or a person", "Who answers for the data."),
    classification: choice(["public", "internal", "sensitive"], "Who may read the data."),
    pipeline: choice(
      PIPELINES,
      "How the files come: `uploads`: one output a file, replaced by its next version; `manifests`: many files a date in one output; `ledger`: batches, partitioned by columns.",
    ),
    prefix: text(
      /^(?:[^/]+\/)+$/,
      "a prefix that ends in / and does not begin with it, such as input/orders/",
      "Prefix of the keys of its files in the raw bucket.",
    ),
    format,
    columns: z
      .array(inputColumn)
      .min(1)
      .meta({
        description:
          "Columns of the files. Absent: a text dataset, whose every field is a column of its exact text.",
        would: "a list of at least one column",
      })
      .optional(),
    undeclared: choice(
      ["keep", "drop", "reject"],
      "What becomes of a field that no column reads: a string column of its exact text, told as drift; dropped and counted; or its row is a dead letter.",
    ).default("keep"),
    outputColumns: z
      .array(outputColumn)
      .min(1)
      .meta({
        description: "What transform.sql returns. Without that file the columns are the output.",
        would: "a list of at least one column",
      })
      .optional(),
    partitions: list(
      z.string(),
      "a list of output columns of type string, each once",
      "Output columns that make the path of a file instead of standing in it, in their order.",
    ).optional(),
    partitionValues: z
      .record(
        z.string().regex(NAME),
        list(z.string(), "a list of texts, each once", "Values of the partition."),
      )
      .meta({
        description: "All values that a partition may have; year, month and day do without.",
        would: "an object of partitions and their values",
      })
      .default({}),
    sort: z
      .string()
      .meta({
        description: "Output column by which the rows of a file are ordered, nulls last.",
        would: "an output column that stands in the files",
      })
      .optional(),
    dates: z
      .strictObject({
        from: z.iso.date().meta({
          description: "First date that a file's name may carry; the last is tomorrow.",
          would: "a date like 2020-01-31",
        }),
      })
      .meta({ description: "Dates in the names of the files." })
      .optional(),
    size,
    maximumRejectedPercent: number(
      0,
      100,
      "Share of its rows beyond which a file is quarantined whole; a file whose every row is rejected always is.",
    ).default(100),
    emptyFiles: choice(
      ["publish", "quarantine"],
      "What becomes of a file that has a header and no row.",
    ).default("publish"),
    outputs,
  })
  .meta({ title: "Dataset of Tributary" });

export type Declaration = z.output<typeof declaration>;
