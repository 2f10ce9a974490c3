import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { JSON_SCHEMA_FILE, jsonSchemaText } from "../../datasets/schema/json-schema";
import { ROOT } from "../../setup/paths";

test("the JSON Schema of declarations is the one that npm run docs makes", () => {
  expect(readFileSync(join(ROOT, JSON_SCHEMA_FILE), "utf8")).toBe(jsonSchemaText());
});
