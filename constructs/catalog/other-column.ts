import type { OutputColumn } from "../../datasets/schema/datasets";

/** Column of the undeclared keys for which the table has no column of its own (docs/datasets.md). */
export const OTHER_COLUMN: OutputColumn = {
  name: "_other",
  type: "string",
  comment: "Further undeclared keys of the row, as a JSON object of their exact texts",
};
