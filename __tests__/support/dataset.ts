import { type Dataset, datasetOf } from "../../datasets/schema/dataset";
import { readDeclaration } from "../../datasets/schema/problems";

/** Required keys of a declaration with values that will do, and what a test says. */
export function declaration(fields: object = {}): object {
  return {
    name: "events",
    description: "Events.",
    owner: "shop",
    classification: "internal",
    pipeline: "uploads",
    prefix: "input/events/",
    format: { kind: "csv" },
    ...fields,
  };
}

/** Dataset of such a declaration. */
export function dataset(fields: object = {}): Dataset {
  const read = readDeclaration(declaration(fields));
  if (read.problems) throw new Error(read.problems.map(({ message }) => message).join("\n"));
  return datasetOf(read.declaration, "v1");
}
