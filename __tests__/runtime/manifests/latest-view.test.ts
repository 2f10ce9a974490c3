import { expect, test } from "@jest/globals";
import { viewDefinition, viewText } from "../../../runtime/manifests/latest-view";

const DEFINITION = { originalSql: "SELECT 1", columns: [{ name: "date", type: "varchar" }] };
const ENCODED = Buffer.from(JSON.stringify(DEFINITION)).toString("base64");

test("a view is kept as Athena reads it", () => {
  expect(viewText(DEFINITION)).toBe(`/* Presto View: ${ENCODED} */`);
});

test("a view's text gives its definition, and no other text does", () => {
  expect(viewDefinition(`/* Presto View: ${ENCODED} */`)).toEqual(DEFINITION);
  expect(viewDefinition("")).toBeUndefined();
  expect(viewDefinition("SELECT 1")).toBeUndefined();
});
