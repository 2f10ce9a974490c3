import { PassThrough } from "node:stream";
import { expect, test } from "@jest/globals";
import { isApproved } from "../../../cli/apply/question";

test.each([
  ["yes", true],
  ["836801bdc87b", true],
  ["y", false],
  ["", false],
  ["no", false],
])("%p is taken for an approval: %p", async (answer, isYes) => {
  const input = new PassThrough();
  const asked = isApproved("836801bdc87b", input);
  input.write(`${answer}\n`);
  expect(await asked).toBe(isYes);
});

test("an input that ends is no approval", async () => {
  const input = new PassThrough();
  const asked = isApproved("836801bdc87b", input);
  input.end();
  expect(await asked).toBe(false);
});
