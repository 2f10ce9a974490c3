import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { outputName } from "../../../runtime/uploads/output-name";
import { ROOT } from "../../../setup/paths";

test("names outputs as the uploads job does", () => {
  const names = JSON.parse(readFileSync(join(ROOT, "glue/tests/uploads/output-names.json"), "utf8"));
  expect(Object.fromEntries(Object.keys(names).map((key) => [key, outputName(key)]))).toEqual(names);
});
